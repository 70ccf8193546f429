import { ImageError, type ImageErrorCode, type ImageSubject } from "./image-error.ts";
import type { ImageSource } from "./image-source.ts";

export const ELF_HEADER_SIZE = 64;
export const PROGRAM_HEADER_SIZE = 56;
export const PAGE_SIZE = 4096;

/** Bytes of the longest head of a note that is looked for: three words, and a name of 8 bytes. ABI section 2.1. */
export const HEAD_MAX = 20;

/** The lowest address that an image may occupy. ABI section 10.1. */
export const LOAD_MIN = 0x100000;

export const PT_LOAD = 1;
export const PT_INTERP = 3;
export const PT_NOTE = 4;

export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

const ET_REL = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_X86_64 = 62;

/** A program header as it stands in the file: unchecked, hence the 64-bit fields. */
export interface ProgramHeader {
  /** Place in the table, for messages. */
  readonly index: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly filesz: bigint;
  readonly memsz: bigint;
  readonly align: bigint;
}

/** A file whose ELF header and program header table are sound; what they point to is not checked yet. */
export interface ElfFile {
  readonly subject: ImageSubject;
  /** Bytes of the file. */
  readonly size: number;
  readonly entry: bigint;
  readonly headers: readonly ProgramHeader[];
  /**
   * The first {@link HEAD_MAX} bytes of what a header points to, or as many as there are. Each is read once, however
   * many kinds of notes are looked for in however many headers.
   */
  head(header: ProgramHeader): Uint8Array;
  /** The `length` bytes at `offset`, which lie in the file: the caller has checked. */
  read(offset: number | bigint, length: number): Uint8Array;
}

/**
 * Reads ELF header and program headers by ABI section 3.1 and ABI section 2.5, N1-N2 (`e_entry` is for the caller: it
 * depends on the memory's size).
 *
 * @throws {ImageError}
 */
export function readElf(subject: ImageSubject, source: ImageSource): ElfFile {
  const refuse = (code: ImageErrorCode, why: string) => new ImageError(subject, code, why);
  const { size } = source;
  const read = (offset: number | bigint, length: number): Uint8Array => {
    const bytes = source.read(Number(offset), length);
    if (bytes.length === length) return bytes;
    throw refuse("TRUNCATED", "the file has become shorter while it was read");
  };
  if (size === 0) throw refuse("TRUNCATED", "the file is empty");
  const bytes = read(0, Math.min(size, ELF_HEADER_SIZE));
  if ([0x7f, 0x45, 0x4c, 0x46].some((byte, at) => at < bytes.length && bytes[at] !== byte)) {
    throw refuse("NOT_ELF", "not an ELF file");
  }
  if (bytes.length < ELF_HEADER_SIZE) {
    throw refuse("TRUNCATED", `the file has ${bytes.length} bytes, an ELF header has ${ELF_HEADER_SIZE}`);
  }
  const view = viewOf(bytes);
  if (bytes[4] !== 2)
    throw refuse("WRONG_CLASS", `not a 64-bit ELF file: EI_CLASS is ${bytes[4]}, expected 2`);
  if (bytes[5] !== 1) {
    throw refuse("WRONG_BYTE_ORDER", `not a little-endian ELF file: EI_DATA is ${bytes[5]}, expected 1`);
  }
  const machine = view.getUint16(18, true);
  if (machine !== EM_X86_64) {
    throw refuse("WRONG_MACHINE", `not for x86_64: e_machine is ${machine}, expected ${EM_X86_64}`);
  }
  const type = view.getUint16(16, true);
  if (type === ET_DYN) {
    const why =
      "a position-independent executable or library of the host (ET_DYN), not a Solo5 image (ET_EXEC)";
    throw refuse("LINUX_EXECUTABLE", why);
  }
  if (type !== ET_EXEC) {
    const what = type === ET_REL ? "an object file that is not linked" : `an ELF file of type ${type}`;
    throw refuse("NOT_EXECUTABLE", `${what}, not an executable (ET_EXEC)`);
  }
  for (const [field, found, expected] of [
    ["e_version", view.getUint32(20, true), 1],
    ["e_ehsize", view.getUint16(52, true), ELF_HEADER_SIZE],
    ["e_phentsize", view.getUint16(54, true), PROGRAM_HEADER_SIZE],
  ] as const) {
    if (found !== expected) throw refuse("BAD_ELF_HEADER", `${field} is ${found}, expected ${expected}`);
  }
  const count = view.getUint16(56, true);
  if (count === 0) throw refuse("BAD_ELF_HEADER", "there are no program headers");
  const table = view.getBigUint64(32, true);
  if (table + BigInt(count * PROGRAM_HEADER_SIZE) > BigInt(size)) {
    throw refuse("TRUNCATED", `the file ends before its ${count} program headers`);
  }
  const tableView = viewOf(read(table, count * PROGRAM_HEADER_SIZE));
  const headers = Array.from({ length: count }, (_, index) =>
    readProgramHeader(tableView, index * PROGRAM_HEADER_SIZE, index),
  );
  const heads: Uint8Array[] = [];
  const head = ({ index, offset, filesz }: ProgramHeader): Uint8Array => {
    let bytes = heads[index];
    if (bytes === undefined) {
      const length = least(BigInt(HEAD_MAX), filesz, BigInt(size) - offset);
      bytes = length > 0n ? read(offset, Number(length)) : new Uint8Array();
      heads[index] = bytes;
    }
    return bytes;
  };
  return { subject, size, entry: view.getBigUint64(24, true), headers, head, read };
}

/** A view of exactly these bytes, wherever they lie in their buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readProgramHeader(view: DataView, at: number, index: number): ProgramHeader {
  return {
    index,
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: view.getBigUint64(at + 8, true),
    vaddr: view.getBigUint64(at + 16, true),
    paddr: view.getBigUint64(at + 24, true),
    filesz: view.getBigUint64(at + 32, true),
    memsz: view.getBigUint64(at + 40, true),
    align: view.getBigUint64(at + 48, true),
  };
}

/** Writes a program header; the counterpart of what `readElf` reads. */
export function writeProgramHeader(view: DataView, at: number, header: Omit<ProgramHeader, "index">): void {
  view.setUint32(at, header.type, true);
  view.setUint32(at + 4, header.flags, true);
  view.setBigUint64(at + 8, header.offset, true);
  view.setBigUint64(at + 16, header.vaddr, true);
  view.setBigUint64(at + 24, header.paddr, true);
  view.setBigUint64(at + 32, header.filesz, true);
  view.setBigUint64(at + 40, header.memsz, true);
  view.setBigUint64(at + 48, header.align, true);
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

export function least(first: bigint, ...others: readonly bigint[]): bigint {
  let low = first;
  for (const value of others) if (value < low) low = value;
  return low;
}

/** An address as it is written in messages and tables. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
