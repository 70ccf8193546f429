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
import { MEM_MIB } from "./corpus.ts";

/** An image that somebody could bring, with the verdict that every reader has to give. */
interface Described {
  readonly why: string;
  readonly accepted: boolean;
  readonly image: Uint8Array;
  /** Guest memory in bytes, if it is not that of all others. */
  readonly memory?: number;
  /** What no test wants to hold in memory: more lines of the fixture. */
  readonly more?: readonly string[];
}

const MEM = MEM_MIB << 20;
const MIN = 0x100000;
const U64_MAX = 2n ** 64n - 1n;

/** What an image of spt that is loaded does: `exit_group(0)`. */
const EXIT_0 = Uint8Array.of(0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05);
const NO_DEVICES = createManifest([]);
const ABI = encodeNote({ type: "solo5.abi", target: "spt", version: 2 });

/** Where the content of one more piece goes, behind all others. */
const ROOM = 0x800;

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
const segments = (count: number): Piece[] =>
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
const accepted = (why: string, parts: Parts): Described => ({ why, image: image(parts), accepted: true });
const refused = (why: string, parts: Parts): Described => ({ why, image: image(parts), accepted: false });

/** What the smallest image has: its size, and its program headers as they stand in its table. */
const SMALLEST = image();
const [TEXT_HEADER, ABI_HEADER, MANIFEST_HEADER] = [0, 1, 2].map((index) =>
  Buffer.from(SMALLEST.subarray(field(0, index), field(0, index + 1))).toString("hex"),
) as [string, string, string];

const word64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes.toString("hex");
};
/** A program header in hexadecimal. */
const header = (type: number, flags: number, offset: number | bigint, vaddr = 0, filesz = 20n, memsz = 0n) =>
  `0${type}000000 0${flags}000000 ${[offset, vaddr, vaddr, filesz, memsz, 0x1000].map(word64).join(" ")}`;

/** The smallest image with another table of program headers, which lies at 0x2000: what each is, and how often and how it is repeated. */
function withTable(
  why: string,
  isAccepted: boolean,
  headers: readonly (readonly [header: string, count?: number, steps?: string])[],
  { size, memory, more = [] }: { size?: number; memory?: number; more?: readonly string[] } = {},
): Described {
  let count = 0;
  const rows = headers.map(([bytes, times = 1, steps = ""]) => {
    const at = hex(0x2000 + 56 * count);
    count += times;
    return `${at}: ${bytes}${times > 1 ? ` *${times}` : ""}${steps === "" ? "" : ` ${steps}`}`;
  });
  const bytes = image({ edit: both(u64(32, 0x2000), u16(56, count)) });
  const end = `size ${hex(size ?? 0x2000 + 56 * count)}`;
  return {
    why,
    accepted: isAccepted,
    image: bytes,
    ...(memory && { memory }),
    more: [end, ...rows, ...more],
  };
}

/** The smallest image whose ABI note comes last, with so many bytes of it in the file. */
const cutAbiNote = (why: string, isAccepted: boolean, bytes: number): Described => ({
  why,
  accepted: isAccepted,
  image: image({ edit: u64(field(8, 1), 0x1000) }),
  more: [`size ${hex(0x1000 + bytes)}`, `0x1000: ${Buffer.from(ABI).toString("hex")}`],
});

/** The smallest image with two manifests, the second or the first of which is cut. */
const twoManifests = (why: string, isAccepted: boolean, ...order: readonly number[]): Described => {
  const manifests = [[MANIFEST_HEADER], [header(4, R, 0x3000, 0, 135n)]] as const;
  const inOrder = order.map((which) => manifests[which] as readonly [string]);
  const more = [`0x3000: ${Buffer.from(encodeNote(NO_DEVICES)).toString("hex")}`];
  return withTable(why, isAccepted, [[TEXT_HEADER], [ABI_HEADER], ...inOrder], { size: 0x3088, more });
};

/** The head of a note whose first two words are these, in place of the ABI note's. */
const abiWords = (nameSize: number, descriptorSize: number): Parts => ({
  edit: both(u32(ROOM, nameSize), u32(ROOM + 0x4, descriptorSize)),
});

const FOREIGN = "08000000 04000000 01000000 4f70656e42534400 00000000";

const ELF_HEADER: readonly Described[] = [
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
  accepted("the entry point in the last byte of memory", { entry: MEM - 1 }),
  refused("the entry point at the end of memory", { entry: MEM }),
  refused("the entry point below 1 MiB", { entry: MIN - 1 }),
  refused("the entry point at the end of 64 bits", { edit: u64(24, U64_MAX) }),
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

const SEGMENTS: readonly Described[] = [
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
  accepted("14 segments, 16 headers", { more: segments(13) }),
  accepted("15 segments, 17 headers", { more: segments(14) }),
  withTable("2,000 segments", true, [
    [TEXT_HEADER],
    [header(1, R, ROOM, 0x200000, 8n, 8n), 1999, "16+0x1000 24+0x1000"],
    [ABI_HEADER],
    [MANIFEST_HEADER],
  ]),
  accepted("headers of other types, whatever they say", {
    more: [data({ type: 0x6474e551, vaddr: 1, align: 0 }), data({ type: 2 })],
  }),
  accepted("segments that share bytes of the file", { more: [data({ offset: ROOM - 0x100 })] }),
  accepted("a tail of holes", {
    more: [{ ...data({ type: 5 }), offset: ROOM, content: new Uint8Array(0x1000) }],
  }),
  accepted("text that can be read by nobody", { text: { flags: X } }),
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
];

const NOTES: readonly Described[] = [
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
  accepted("a note of the largest size, of which the file has a part", {
    edit: u64(field(32, 1), U64_MAX),
  }),
  ...[U64_MAX, U64_MAX - 18n, U64_MAX - 19n, 1n << 63n, 1n << 53n, (1n << 53n) + 1n].map((offset) =>
    refused(`a note at ${hex(offset)} (N5)`, { edit: u64(field(8, 1), offset) }),
  ),
  refused("an ABI note with a name of no bytes (N6)", abiWords(0, 16)),
  refused("an ABI note with a name of 5 bytes (N6)", abiWords(5, 16)),
  refused("an ABI note with a name of 7 bytes (N6)", abiWords(7, 16)),
  refused("an ABI note with the longest name (N6)", abiWords(0xffffffff, 16)),
  refused("an ABI note with a name in capitals (N6)", { edit: u8(ROOM + 0xc, 0x73) }),
  refused("an ABI note with a name without a NUL (N6)", { edit: u8(ROOM + 0x11, 0x36) }),
  refused("an ABI note with the largest descriptor (N8)", abiWords(6, 0xffffffff)),
  accepted("an ABI note of an odd size", abiWords(6, 15)),
  refused("an ABI note longer than its PT_NOTE (N9)", abiWords(6, 17)),
  cutAbiNote("an ABI note at the end of the file", true, 36),
  cutAbiNote("an ABI note without its last byte (N11)", false, 35),
  cutAbiNote("an ABI note without its reserved words (N11)", false, 28),
  cutAbiNote("an ABI note without its version (N11)", false, 24),
  cutAbiNote("a head without its last byte (N5)", false, 19),
  refused("no ABI note", { abi: note("Solo6\0", 0x31494241, new Uint8Array(16)) }),
  refused("an ABI note without a descriptor (N8)", { abi: abiOf(0) }),
  refused("an ABI note of 7 bytes", { abi: abiOf(7) }),
  accepted("an ABI note of 8 bytes", { abi: abiOf(8) }),
  accepted("an ABI note of 32 bytes", { abi: abiOf(32) }),
  refused("an ABI note of 33 bytes (N8)", { abi: abiOf(33) }),
];

const DEVICES: readonly Described[] = [
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
  refused("a name that has no end, in a reserved entry", {
    manifest: manifestNote([0x40000001, "x".repeat(68)]),
  }),
  accepted("a name with something behind its NUL", { manifest: manifestNote([NET, "a\0\u001b[31m"]) }),
  refused("a name of NULs", { manifest: manifestNote([NET, "\0".repeat(67)]) }),
  refused("a name with a line feed", { manifest: manifestNote([NET, "a\nb"]) }),
  refused("a manifest of an odd size", { edit: u32(ROOM + 0x28, 117) }),
  refused("a manifest with the largest descriptor (N8)", { edit: u32(ROOM + 0x28, 0xffffffff) }),
  refused("a manifest of 6669 bytes (N8)", { edit: u32(ROOM + 0x28, 6669) }),
  refused("a manifest of the most entries that can be said", { edit: u32(ROOM + 0x40, 0xffffffff) }),
  refused("a manifest without its last byte (N11)", { edit: u64(field(8, 2), SMALLEST.length - 135) }),
  twoManifests("a second manifest, which is broken", true, 0, 1),
  twoManifests("a first manifest, which is broken", false, 1, 0),
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
];

const HOSTILE: readonly Described[] = [
  ...(
    [
      ["4 GiB of content in a file of holes", true, 2 ** 33, 0],
      ["4 GiB of content, and too little memory (L6)", false, 2 ** 32, 0],
      ["4 GiB of content, but for a byte (L9)", false, 2 ** 33, 1],
    ] as const
  ).map(([why, isAccepted, memory, missing]) =>
    withTable(
      why,
      isAccepted,
      [
        [TEXT_HEADER],
        [header(1, R, 0x3000, 0x200000, 1n << 32n, 1n << 32n)],
        [ABI_HEADER],
        [MANIFEST_HEADER],
      ],
      { memory, size: 2 ** 32 + 0x3000 - missing },
    ),
  ),
  { ...accepted("a file of 1 TiB", {}), more: ["size 0x10000000000"] },
  withTable(
    "the largest file that is a number, with its manifest at the end",
    true,
    [[TEXT_HEADER], [ABI_HEADER], [header(4, R, 2 ** 53 - 1 - 136, 0, 136n)]],
    {
      size: 2 ** 53 - 1,
      more: [`${hex(2 ** 53 - 1 - 136)}: ${Buffer.from(encodeNote(NO_DEVICES)).toString("hex")}`],
    },
  ),
  withTable("65,535 headers, most of them notes of somebody else", true, [
    [TEXT_HEADER],
    [header(4, R, 0x1000), 65_532],
    [ABI_HEADER],
    [MANIFEST_HEADER],
  ]),
  withTable("65,535 headers, all of them notes of somebody else", false, [[header(4, R, 0x1000), 65_535]]),
  withTable(
    "65,535 headers, most of them notes whose names have no end",
    true,
    [[TEXT_HEADER], [header(4, R, 0x1000), 65_532], [ABI_HEADER], [MANIFEST_HEADER]],
    { more: ["0x1000: ffffffff ffffffff"] },
  ),
  withTable("65,534 notes of somebody else, each elsewhere, and one of 11 bytes (N3)", false, [
    [header(4, R, 0x3000), 65_534, "8+24"],
    [header(4, R, 0x3000, 0, 11n)],
  ]),
  withTable("65,535 headers, most of them empty segments", true, [
    [TEXT_HEADER],
    [header(1, R, 0xffff_ffff_ffff_ffffn, 0, 0n), 65_532],
    [ABI_HEADER],
    [MANIFEST_HEADER],
  ]),
  withTable(
    "65,533 segments of one byte, which all have it from the same place",
    true,
    [
      [TEXT_HEADER],
      [header(1, R | W, ROOM, 0x200000, 1n, 1n), 65_532, "16+0x1000 24+0x1000"],
      [ABI_HEADER],
      [MANIFEST_HEADER],
    ],
    { memory: 2 ** 29 },
  ),
  withTable(
    "a million notes behind the ABI note in its PT_NOTE",
    true,
    [[TEXT_HEADER], [header(4, R, 0x3000, 0, 36n + 24_000_000n)], [MANIFEST_HEADER]],
    {
      size: 0x3024 + 24_000_000,
      more: [`0x3000: ${Buffer.from(ABI).toString("hex")}`, `0x3024: ${FOREIGN} *1000000`],
    },
  ),
  withTable(
    "a million notes in front of the ABI note in its PT_NOTE",
    false,
    [[TEXT_HEADER], [header(4, R, 0x3000, 0, 36n + 24_000_000n)], [MANIFEST_HEADER]],
    {
      size: 0x3024 + 24_000_000,
      more: [
        `0x3000: ${FOREIGN} *1000000`,
        `${hex(0x3000 + 24_000_000)}: ${Buffer.from(ABI).toString("hex")}`,
      ],
    },
  ),
  accepted("text that is the ELF header and the table", { edit: u64(field(8), 0) }),
  accepted("a note of somebody else that is the table itself", {
    note: { type: PT.NOTE, flags: R, vaddr: 0, offset: 0, filesz: 224 },
    edit: u64(field(8, 1), 64),
  }),
  withTable("an ABI note that is a program header (PT_PHDR)", true, [
    [TEXT_HEADER],
    [header(4, R, 0x2000 + 56 * 2, 0, 36n)],
    [`${Buffer.from(ABI).toString("hex")} ${"00".repeat(20)}`],
    [MANIFEST_HEADER],
  ]),
  withTable("a PT_NOTE that is its own note", false, [
    [TEXT_HEADER],
    [header(4, R, 0x2038)],
    [MANIFEST_HEADER],
  ]),
  withTable("segments that are all of the file, table and notes included, three times", true, [
    ...[0x100000, 0x200000, 0x300000].map((vaddr) => [header(1, R, 0, vaddr, 0x2118n, 0x2118n)] as const),
    [ABI_HEADER],
    [MANIFEST_HEADER],
  ]),
  refused("content whose end is behind 64 bits, at the beginning of the file (L9)", {
    edit: both(u64(field(8), -0x1000n & U64_MAX), u64(field(32), 0x1100), u64(field(40), 0x1100)),
  }),
  refused("content of the largest size (L6)", {
    edit: both(u64(field(32), U64_MAX), u64(field(40), U64_MAX)),
  }),
  ...[1n << 53n, (1n << 53n) + 1n, 1n << 63n, U64_MAX - 0xffn, U64_MAX - 0xfen].map((offset) =>
    refused(`content at ${hex(offset)} (L9)`, { edit: u64(field(8), offset) }),
  ),
  ...[1n << 53n, 1n << 63n, U64_MAX - 167n, U64_MAX - 166n].map((offset) =>
    refused(`a table at ${hex(offset)} (N2)`, { edit: u64(32, offset) }),
  ),
];

/** Images by the rules of ABI sections 2.3, 2.5, 3.1 and 3.2, each at both sides of a rule, and odd ones, by file. */
const FILES: Readonly<Record<string, readonly Described[]>> = {
  "elf-header": ELF_HEADER,
  segments: SEGMENTS,
  notes: NOTES,
  devices: DEVICES,
  hostile: HOSTILE,
};

/** The text of each file of fixtures, without the verdicts, and which of the images are to be accepted. */
export const CORPUS: readonly {
  readonly file: string;
  readonly cases: readonly { text: string; accepted: boolean }[];
}[] = Object.entries(FILES).map(([file, described]) => ({
  file: `${file}.txt`,
  cases: [accepted("the smallest image", {}), ...described].map((one, index) => ({
    text: printed(one, index > 0),
    accepted: one.accepted,
  })),
}));

/** An image as a case of a fixture: all of it, or where it is other than the smallest image. */
function printed({ why, image, memory, more = [] }: Described, like: boolean): string {
  const zeros = new Uint8Array(Math.max(image.length, SMALLEST.length));
  const before = (at: number, end: number) => {
    const bytes = zeros.slice(at, end);
    if (like) bytes.set(SMALLEST.subarray(at, end));
    return bytes;
  };
  const table =
    image.length < 64 ? 0 : Math.min(new DataView(image.buffer, image.byteOffset).getUint16(56, true), 200);
  const rows: string[] = [];
  for (let at = 0, index = 0; at < image.length; index++) {
    // A line for the ELF header and for each program header.
    const length = index === 0 ? 64 : index <= table ? 56 : 32;
    const end = Math.min(at + length, image.length);
    const row = image.subarray(at, end);
    if (Buffer.compare(row, before(at, end)) !== 0) {
      rows.push(
        `${hex(at)}: ${Buffer.from(row)
          .toString("hex")
          .replace(/.{8}(?=.)/g, "$& ")}`,
      );
    }
    at = end;
  }
  return [
    `= ${why}`,
    ...(memory === undefined ? [] : [`memory ${hex(memory)}`]),
    ...(like ? ["like the smallest image"] : []),
    ...(more[0]?.startsWith("size ") ? [] : [`size ${hex(image.length)}`]),
    ...rows,
    ...more,
    "",
    "",
  ].join("\n");
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
