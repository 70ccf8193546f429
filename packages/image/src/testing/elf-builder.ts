import { type AbiTarget, encodeNote, type Manifest } from "@uk/manifest";

/** A program header to be written, with the content that goes to its offset. Every field can lie. */
export interface Piece {
  type: number;
  flags: number;
  vaddr: number;
  offset: number;
  content?: Uint8Array | undefined;
  filesz?: number;
  memsz?: number;
  align?: number;
}

export const PT = { LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4, PHDR: 6, TLS: 7, GNU_STACK: 0x6474e551 };
export const R = 4;
export const W = 2;
export const X = 1;

/** Writes an ELF executable from scratch: it knows nothing of the code it tests. */
export function buildElf(
  pieces: readonly Piece[],
  options: { entry?: number; tail?: Uint8Array } = {},
): Uint8Array {
  const { entry = 0x100020, tail = new Uint8Array() } = options;
  const contentEnd = Math.max(
    64 + 56 * pieces.length,
    ...pieces.map((p) => p.offset + (p.content?.length ?? 0)),
  );
  const bytes = new Uint8Array(contentEnd + tail.length);
  const view = new DataView(bytes.buffer);
  for (const { content, offset } of pieces) if (content !== undefined) bytes.set(content, offset);
  bytes.set(tail, contentEnd);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, 62, true); // EM_X86_64
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, 64n, true); // e_phoff
  view.setBigUint64(40, BigInt(tail.length > 0 ? contentEnd : 0), true); // e_shoff
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, pieces.length, true);
  view.setUint16(58, 64, true);
  for (const [index, piece] of pieces.entries()) {
    const at = 64 + 56 * index;
    const filesz = piece.filesz ?? piece.content?.length ?? 0;
    view.setUint32(at, piece.type, true);
    view.setUint32(at + 4, piece.flags, true);
    view.setBigUint64(at + 8, BigInt(piece.offset), true);
    view.setBigUint64(at + 16, BigInt(piece.vaddr), true);
    view.setBigUint64(at + 24, BigInt(piece.vaddr), true);
    view.setBigUint64(at + 32, BigInt(filesz), true);
    view.setBigUint64(at + 40, BigInt(piece.memsz ?? filesz), true);
    view.setBigUint64(at + 48, BigInt(piece.align ?? (piece.type === PT.LOAD ? 0x1000 : 4)), true);
  }
  return bytes;
}

export const ENGINE: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter: string) => letter.charCodeAt(0));

/** `namesz, descsz, type, name, desc`, name and descriptor padded to 4. */
export function note(owner: string, type: number, descriptor: Uint8Array): Uint8Array {
  const nameSize = Math.ceil(owner.length / 4) * 4;
  const bytes = new Uint8Array(12 + nameSize + Math.ceil(descriptor.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, owner.length, true);
  view.setUint32(4, descriptor.length, true);
  view.setUint32(8, type, true);
  bytes.set(ascii(owner), 12);
  bytes.set(descriptor, 12 + nameSize);
  return bytes;
}

function interp(path = "/nonexistent/solo5/"): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes.set(ascii(path).subarray(0, 24));
  return bytes;
}

/** Bytes that are all different from zero, so that a lost or a moved one shows. */
export function filler(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i * 31 + seed) % 255) + 1);
}

function placed(content: Uint8Array, ...parts: [number, Uint8Array][]): Uint8Array {
  for (const [at, bytes] of parts) content.set(bytes, at);
  return content;
}

/** The pieces of a base image, in the order in which a linker writes them; change one to break a rule. */
export interface BasePieces {
  phdr: Piece;
  interp: Piece;
  text: Piece;
  rodata: Piece;
  data: Piece;
  stack: Piece;
  notOpenbsd: Piece;
  abi: Piece;
  buildId: Piece;
}

/** A base image as `packages/runtime` makes them: text, rodata with the notes, data with bss. */
export function basePieces(target: AbiTarget = "spt"): BasePieces {
  const notes = [
    note("OpenBSD\0", 1, new Uint8Array(4)),
    encodeNote({ type: "solo5.abi", target, version: 2 }),
    note("uk\0", 0x31444955, ENGINE),
  ] as const;
  const [first, second, third] = [0, 24, 24 + 36];
  const text = placed(filler(0x1230, 1), [0, interp()]);
  const rodata = placed(filler(0x300, 2), [first, notes[0]], [second, notes[1]], [third, notes[2]]);
  const noteAt = (at: number, size: number): Piece => ({
    type: PT.NOTE,
    flags: R,
    vaddr: 0x102000 + at,
    offset: 0x3000 + at,
    filesz: size,
  });
  return {
    phdr: { type: PT.PHDR, flags: R, vaddr: 0xff040, offset: 64, filesz: 9 * 56, align: 8 },
    interp: { type: PT.INTERP, flags: R, vaddr: 0x100000, offset: 0x1000, filesz: 24, align: 8 },
    text: { type: PT.LOAD, flags: R | X, vaddr: 0x100000, offset: 0x1000, content: text },
    rodata: { type: PT.LOAD, flags: R, vaddr: 0x102000, offset: 0x3000, content: rodata },
    data: {
      type: PT.LOAD,
      flags: R | W,
      vaddr: 0x103000,
      offset: 0x4000,
      content: filler(0x450, 3),
      memsz: 0x3210,
    },
    stack: { type: PT.GNU_STACK, flags: R | W, vaddr: 0, offset: 0, align: 0 },
    notOpenbsd: noteAt(first, 24),
    abi: noteAt(second, 36),
    buildId: noteAt(third, 48),
  };
}

/** A base image with a symbol table and sections behind it, which the linker has to leave out. */
export function baseImage(pieces: BasePieces = basePieces(), entry = 0x100020): Uint8Array {
  return buildElf(Object.values(pieces), { entry, tail: filler(777, 4) });
}

/** An image in upstream's layout (ABI section 10.2): bss apart, an empty TLS segment, the notes in text or rodata. */
export function upstreamImage(target: "hvt" | "spt", manifest: Manifest): Uint8Array {
  const manifestNote = encodeNote(manifest);
  const abiNote = encodeNote({ type: "solo5.abi", target, version: 2 });
  const foreign = note("OpenBSD\0", 1, new Uint8Array(4));
  const abiAt = Math.ceil(manifestNote.length / 4) * 4;
  const foreignAt = abiAt + abiNote.length;
  const rodata = placed(filler(0x2800, 5), [0, manifestNote], [abiAt, abiNote], [foreignAt, foreign]);
  const text = placed(filler(0x2000, 6), [0, interp()]);
  const load = { type: PT.LOAD, vaddr: 0x100000, offset: 0x1000 };
  const loads: Piece[] =
    target === "hvt"
      ? [
          { ...load, flags: X, content: text },
          { ...load, flags: R, vaddr: 0x102000, offset: 0x3000, content: rodata },
        ]
      : [{ ...load, flags: R | X, content: Uint8Array.from([...text, ...rodata]) }];
  const noteAt = (at: number, bytes: Uint8Array): Piece => ({
    type: PT.NOTE,
    flags: R,
    vaddr: 0x102000 + at,
    offset: 0x3000 + at,
    filesz: bytes.length,
  });
  return buildElf([
    { type: PT.INTERP, flags: R, vaddr: 0x100000, offset: 0x1000, filesz: 24, align: 8 },
    ...loads,
    { ...load, flags: R | W, vaddr: 0x105000, offset: 0x6000, content: filler(0x800, 7) },
    { ...load, flags: R, vaddr: 0, offset: 0, memsz: 0 },
    { type: PT.TLS, flags: 0, vaddr: 0x106000, offset: 0, memsz: 0x10, align: 8 },
    { ...load, flags: R | W, vaddr: 0x106000, offset: 0, memsz: 0x203ca0 },
    noteAt(foreignAt, foreign),
    noteAt(abiAt, abiNote),
    noteAt(0, manifestNote),
  ]);
}
