import { createManifest, encodeNote } from "@uk/manifest";
import {
  buildElf,
  filler,
  note,
  type Piece,
  PT,
  R,
  W,
  X,
} from "../../packages/image/src/testing/elf-builder.ts";
import { type Edit, u8, u16, u32, u64 } from "../../packages/image/src/testing/mutations.ts";

/** An image that somebody could bring, with the verdict that every reader has to give. */
export interface Case {
  readonly why: string;
  readonly image: Uint8Array;
  readonly accepted: boolean;
}

/** Guest memory that all of them are to be loaded into. */
export const MEM_MIB = 16;
const MEM = MEM_MIB << 20;
const MIN = 0x100000;
const U64_MAX = 2n ** 64n - 1n;

/** What an image of spt that is loaded does: `exit_group(0)`. */
const EXIT_0 = Uint8Array.of(0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05);
const NO_DEVICES = createManifest([]);
const ABI = encodeNote({ type: "solo5.abi", target: "spt", version: 2 });

/** Where the content of one more piece goes, behind all others. */
const ROOM = 0x4000;

interface Parts {
  readonly abi?: Uint8Array;
  readonly manifest?: Uint8Array;
  /** Headers behind those that load something, or in front of the notes. */
  readonly more?: readonly Piece[];
  /** In front of all other notes. */
  readonly note?: Piece;
  readonly text?: Partial<Piece>;
  readonly entry?: number;
  readonly edit?: Edit;
}

/** A small image in upstream's layout: text at 1 MiB, then what `more` says, then the notes. */
export function image(parts: Parts = {}): Uint8Array {
  const { abi = ABI, manifest = encodeNote(NO_DEVICES), more = [], note, text, entry, edit } = parts;
  const content = new Uint8Array(0x100);
  content.set(EXIT_0, 0x20);
  const end = 0x200000;
  const noteAt = (offset: number, bytes: Uint8Array): Piece => ({
    type: PT.NOTE,
    flags: R,
    vaddr: 0,
    offset,
    content: bytes,
  });
  const loads = [
    { type: PT.LOAD, flags: R | X, vaddr: MIN, offset: ROOM - 0x100, content, ...text },
    ...more,
  ];
  const last = Math.max(
    ...loads.map(({ offset, content }) => (offset < end ? offset + (content?.length ?? 0) : 0)),
  );
  const abiAt = Math.ceil(last / 4) * 4;
  const pieces = [
    ...loads,
    ...(note === undefined ? [] : [note]),
    noteAt(abiAt, abi),
    noteAt(abiAt + Math.ceil(abi.length / 4) * 4, manifest),
  ];
  // Headers of more than a few pieces do not fit in front of the text.
  const shift = Math.ceil(Math.max(0, 64 + 56 * pieces.length - (ROOM - 0x100)) / 0x1000) * 0x1000;
  const bytes = buildElf(
    pieces.map((piece) => (piece.content === undefined ? piece : { ...piece, offset: piece.offset + shift })),
    entry === undefined ? {} : { entry },
  );
  edit?.(new DataView(bytes.buffer));
  return bytes;
}

const data = (piece: Partial<Piece> = {}): Piece => ({
  type: PT.LOAD,
  flags: R | W,
  vaddr: 0x200000,
  offset: ROOM,
  content: filler(0x80, 3),
  ...piece,
});
const bss = (vaddr: number, memsz: number, flags = R | W): Piece => ({
  type: PT.LOAD,
  flags,
  vaddr,
  offset: 0,
  memsz,
});
const many = (count: number): Piece[] =>
  Array.from({ length: count }, (_, at) =>
    data({ vaddr: 0x200000 + at * 0x1000, content: filler(8, at), offset: ROOM + 8 * at, align: 0x1000 }),
  );
/** Field of a program header: of the text, which is the first. */
const field = (at: number, index = 0) => 64 + 56 * index + at;
const both =
  (...edits: Edit[]): Edit =>
  (view) => {
    for (const edit of edits) edit(view);
  };

/** A manifest of devices by type and name, whatever they are. */
function manifestNote(...devices: readonly (readonly [number, string])[]): Uint8Array {
  const entries = [[0x40000000, ""] as const, ...devices];
  const descriptor = new Uint8Array(12 + 104 * entries.length);
  const view = new DataView(descriptor.buffer);
  view.setUint32(4, 1, true);
  view.setUint32(8, entries.length, true);
  for (const [index, [type, name]] of entries.entries()) {
    descriptor.set(new TextEncoder().encode(name), 12 + 104 * index);
    view.setUint32(12 + 104 * index + 68, type, true);
  }
  return note("Solo5\0", 0x3154464d, descriptor);
}

const [BLOCK, NET] = [1, 2];
const abiOf = (size: number) => note("Solo5\0", 0x31494241, new Uint8Array(size).fill(2, 0, 1).fill(2, 4, 5));
const accepted = (why: string, parts: Parts): Case => ({ why, image: image(parts), accepted: true });
const refused = (why: string, parts: Parts): Case => ({ why, image: image(parts), accepted: false });

/** Images by the rules of ABI sections 2.3, 2.5, 3.1 and 3.2, each at both sides of a rule, and odd ones. */
export const CORPUS: readonly Case[] = [
  accepted("the smallest image", {}),
  accepted("data and a bss behind it", { more: [data({ memsz: 0x3000 })] }),
  accepted("a bss of its own", { more: [data(), bss(0x300000, 0x1234)] }),
  accepted("a bss that ends where memory ends", { more: [bss(MEM - 1, 1)] }),
  refused("a bss that ends behind memory", { more: [bss(MEM - 1, 2)] }),
  refused("a bss behind memory", { more: [bss(MEM, 1)] }),
  refused("a bss that ends behind 64 bits", {
    more: [bss(MEM, 1)],
    edit: both(u64(field(16, 1), U64_MAX), u64(field(40, 1), 2)),
  }),
  refused("a bss below 1 MiB", { more: [bss(0x1000, 0x1000)] }),
  refused("a bss that begins below 1 MiB", { more: [bss(MIN - 1, 0x1000)] }),
  accepted("a bss at 1 MiB, under the text", { more: [bss(MIN, 0x1000)] }),
  accepted("a bss that is writable and executable", { more: [bss(0x300000, 0x1000, R | W | X)] }),
  accepted("a bss in front of the text in the table, and without alignment", {
    more: [{ ...bss(0x300000, 1), align: 3 }],
  }),
  accepted("an empty TLS segment", { more: [bss(0, 0)] }),
  accepted("an empty segment behind 64 bits", { more: [bss(0, 0)], edit: u64(field(16, 1), U64_MAX) }),
  accepted("64 segments", { more: many(63) }),
  accepted("65 segments", { more: many(64) }),
  accepted("2,000 segments", { more: many(1999) }),
  accepted("headers of other types, whatever they say", {
    more: [data({ type: 0x6474e551, vaddr: 1, align: 0 }), data({ type: 2 })],
  }),
  accepted("segments that share bytes of the file", { more: [data({ offset: ROOM - 0x100 })] }),
  accepted("a tail of holes", {
    more: [{ ...data({ type: 5 }), offset: ROOM, content: new Uint8Array(0x5000) }],
  }),
  accepted("fields of the ELF header that nobody reads", {
    edit: both(
      u8(6, 9),
      u8(7, 9),
      u8(8, 9),
      u64(40, U64_MAX),
      u32(48, 9),
      u16(58, 9),
      u16(60, 9),
      u16(62, 9),
    ),
  }),
  accepted("text that can be read by nobody", { text: { flags: X } }),
  accepted("the entry point in the last byte of memory", { entry: MEM - 1 }),
  refused("the entry point at the end of memory", { entry: MEM }),
  refused("the entry point below 1 MiB", { entry: MIN - 1 }),
  refused("the entry point at the end of 64 bits", { edit: u64(24, U64_MAX) }),
  refused("text below 1 MiB (L1)", { text: { vaddr: MIN - 0x1000 } }),
  refused("descending segments (L2)", { more: [data({ vaddr: 0x300000 }), data({ vaddr: 0x200000 })] }),
  refused("no alignment (L3)", { text: { align: 0 } }),
  refused("an odd alignment (L3)", { text: { align: 0x1800 } }),
  refused("an alignment of 2 MiB (L4)", { text: { align: 0x200000 } }),
  accepted("an alignment of 1 MiB", { text: { align: 0x100000 } }),
  refused("the largest alignment (L4)", { edit: u64(field(48), 2n ** 63n) }),
  refused("a shared page (L5)", { more: [data(), data({ vaddr: 0x200800 })] }),
  refused("overlap by alignment (L5)", { more: [data({ vaddr: 0x101000, align: 0x2000 })] }),
  refused("a segment behind memory (L6)", { more: [data({ vaddr: MEM })] }),
  refused("a segment across the end of memory (L6)", { more: [data({ vaddr: MEM - 8 })] }),
  refused("a segment across the end of 64 bits (L6)", {
    more: [data()],
    edit: u64(field(16, 1), U64_MAX - 8n),
  }),
  refused("less memory than content (L7)", { more: [data({ memsz: 0x7f })] }),
  refused("a size at the end of 64 bits (L8)", { more: [data()], edit: u64(field(40, 1), U64_MAX) }),
  accepted("a segment to the end of memory", { more: [data({ memsz: MEM - 0x200000 })] }),
  refused("a segment behind the end of memory (L8)", { more: [data({ memsz: MEM - 0x200000 + 1 })] }),
  refused("content behind the file (L9)", { more: [data({ filesz: 0x100000, memsz: 0x100000 })] }),
  refused("an offset at the end of 64 bits (L9)", { edit: u64(field(8), U64_MAX - 4n) }),
  refused("an alignment of 1 (L10)", { more: [data({ align: 1 })] }),
  refused("an alignment of half a page (L10)", { more: [data({ vaddr: 0x200800, align: 0x800 })] }),
  accepted("an alignment of half a page that fills whole ones", {
    more: [data({ align: 0x800, memsz: 0x1000 })],
  }),
  refused("a writable and executable segment (L11)", { text: { flags: R | W | X } }),
  refused("a segment that can only be written and executed (L11)", { text: { flags: W | X } }),
  refused("a PT_NOTE of 11 bytes (N3)", {
    note: { type: PT.NOTE, flags: R, vaddr: 0, offset: 0, filesz: 11 },
  }),
  accepted("a PT_NOTE of 19 bytes behind the file (N4)", {
    note: { type: PT.NOTE, flags: R, vaddr: 0, offset: 0, filesz: 19 },
    edit: u64(field(8, 1), 2n ** 40n),
  }),
  refused("a PT_NOTE of 20 bytes behind the file (N5)", {
    note: { type: PT.NOTE, flags: R, vaddr: 0, offset: 0, filesz: 20 },
    edit: u64(field(8, 1), 2n ** 40n),
  }),
  accepted("a note of somebody else", { note: { type: PT.NOTE, flags: R, vaddr: 0, offset: 0, filesz: 64 } }),
  accepted("an ABI note with letters behind its name", {
    abi: Uint8Array.from(ABI, (byte, at) => (at === 18 ? 1 : byte)),
  }),
  refused("no ABI note", { abi: note("Solo6\0", 0x31494241, new Uint8Array(16)) }),
  refused("an ABI note without a descriptor (N8)", { abi: abiOf(0) }),
  refused("an ABI note of 7 bytes", { abi: abiOf(7) }),
  accepted("an ABI note of 8 bytes", { abi: abiOf(8) }),
  accepted("an ABI note of 32 bytes", { abi: abiOf(32) }),
  refused("an ABI note of 33 bytes (N8)", { abi: abiOf(33) }),
  refused("no manifest", { manifest: note("Solo5\0", 0x3154464e, new Uint8Array(116)) }),
  refused("a manifest of padding alone (N10)", { manifest: note("Solo5\0", 0x3154464d, new Uint8Array(4)) }),
  refused("a manifest of another version", {
    manifest: Uint8Array.from(manifestNote(), (byte, at) => (at === 24 ? 2 : byte)),
  }),
  refused("a manifest without entry 0", {
    manifest: note("Solo5\0", 0x3154464d, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)),
  }),
  refused("a manifest whose entry 0 has a name", {
    manifest: Uint8Array.from(manifestNote(), (byte, at) => (at === 32 ? 65 : byte)),
  }),
  accepted("devices", { manifest: manifestNote([NET, "service"], [BLOCK, "disk"]) }),
  accepted("63 devices", {
    manifest: manifestNote(...Array.from({ length: 63 }, (_, at) => [NET, `n${at}`] as const)),
  }),
  refused("64 devices", {
    manifest: manifestNote(...Array.from({ length: 64 }, (_, at) => [NET, `n${at}`] as const)),
  }),
  accepted("a name of 67 letters", { manifest: manifestNote([NET, "x".repeat(67)]) }),
  refused("a name of 68 letters", { manifest: manifestNote([NET, "x".repeat(68)]) }),
  refused("a device without a name", { manifest: manifestNote([NET, ""]) }),
  refused("a name with an escape", { manifest: manifestNote([NET, "a\u001b[31m"]) }),
  refused("a name beyond ASCII", { manifest: manifestNote([BLOCK, "größe"]) }),
  refused("a device of type 0", { manifest: manifestNote([0, "a"]) }),
  refused("a device of type 3", { manifest: manifestNote([3, "a"]) }),
  accepted("a network and a block device of one name", { manifest: manifestNote([NET, "a"], [BLOCK, "a"]) }),
  refused("two block devices of one name", {
    manifest: manifestNote([BLOCK, "a"], [NET, "b"], [BLOCK, "a"]),
  }),
  accepted("entries of reserved types, whatever their names", {
    manifest: manifestNote([0x40000000, ""], [0xffffffff, "\u001b"], [NET, "a"], [0x40000001, "a"]),
  }),
  refused("a device that claims to be attached", {
    manifest: Uint8Array.from(manifestNote([NET, "a"]), (byte, at) => (at === 24 + 8 + 104 + 96 ? 1 : byte)),
  }),
  ...[
    { why: "an empty file", image: new Uint8Array() },
    { why: "one byte", image: Uint8Array.of(0x7f) },
    { why: "63 bytes", image: image().subarray(0, 63) },
    { why: "a header alone", image: image().subarray(0, 64) },
    { why: "a file cut by one byte", image: image().subarray(0, -1) },
    { why: "a script", image: new TextEncoder().encode("#!/bin/sh\necho hello\n") },
    { why: "a 32-bit file", image: image({ edit: u8(4, 1) }) },
    { why: "a big-endian file", image: image({ edit: u8(5, 2) }) },
    { why: "a shared object", image: image({ edit: u16(16, 3) }) },
    { why: "a file for another machine", image: image({ edit: u16(18, 183) }) },
    { why: "another version of ELF", image: image({ edit: u32(20, 2) }) },
    { why: "a table at the end of 64 bits", image: image({ edit: u64(32, U64_MAX - 55n) }) },
    { why: "a header of 63 bytes", image: image({ edit: u16(52, 63) }) },
    { why: "headers of 55 bytes", image: image({ edit: u16(54, 55) }) },
    { why: "no headers", image: image({ edit: u16(56, 0) }) },
    { why: "more headers than bytes", image: image({ edit: u16(56, 0xffff) }) },
  ].map((one) => ({ ...one, accepted: false })),
];
