import {
  type ElfFile,
  findNote,
  hex,
  ImageError,
  MANIFEST_NOTE,
  PAGE_SIZE,
  PF_R,
  type ProgramHeader,
  roundUp,
  viewOf,
} from "@uk/manifest/elf";
import { crc32 } from "./crc32.ts";
import { ascii, BUILD_ID_SIZE, hexOf } from "./notes.ts";

/*
 * The program segment: one read-only PT_LOAD, whole pages, at the page-rounded end of the base image's memory.
 * That place is the whole contract with the guest; nothing in the base image is patched.
 *
 *    0   8  magic "UKPROG", version "2", NUL
 *    8  32  build id of the base image that the bytecode was compiled for
 *   40   8  size of the segment
 *   48   8  offset of the bytecode in the segment, a multiple of 16
 *   56   8  length of the bytecode
 *   64   8  size of the engine's stack, for which the guest takes the memory behind the segment
 *   72   -  manifest note (MFT1), then the bytecode, then zeros
 *   -4   4  CRC-32 of all bytes of the file before these four, which are its last
 */
const MAGIC = ascii("UKPROG");
const VERSION = ascii("2\0");
const BUILD_ID_AT = 8;
const SIZE_AT = 40;
const BYTECODE_OFFSET_AT = 48;
const BYTECODE_SIZE_AT = 56;
const STACK_AT = 64;

/** Where the manifest note lies in the segment: a multiple of 8, as the note's inner alignment wants. */
export const NOTE_AT = 72;

const BYTECODE_ALIGN = 16;

/**
 * Sizes of the engine's stack in bytes. The default has room for about ten thousand plain calls, as on Node; the least is
 * what the engine's own functions need.
 */
export const STACK_BYTES: Readonly<Record<"default" | "min" | "max", number>> = {
  default: 8 << 20,
  min: 256 << 10,
  max: 1 << 30,
};

/** The checksum is for people whose file was damaged on its way; it does not protect from anybody. */
export const CHECKSUM_SIZE = 4;
/** Bytes that are read at once for the checksum. */
const PIECE = 1 << 20;
/** Longest image of ours, of which all is read for the checksum: a hostile one with holes may say that it has more. */
const LONGEST = 2 ** 30;

/** The program in a linked image. */
export interface ProgramInfo {
  /** Guest address of the segment, a multiple of 4096. */
  readonly vaddr: number;
  /** Where the segment lies in the file. */
  readonly offset: number;
  /** Bytes of the segment, in file and memory alike, a multiple of 4096. */
  readonly size: number;
  /** Where the bytecode lies in the file. */
  readonly bytecodeOffset: number;
  readonly bytecodeSize: number;
  /** Bytes of memory behind the segment that are the engine's stack, a multiple of 4096. */
  readonly stack: number;
}

/** Why the engine's stack cannot have so many bytes; `undefined` if it can. */
function wrongStack(bytes: number): string | undefined {
  const { min, max } = STACK_BYTES;
  if (bytes % PAGE_SIZE === 0 && bytes >= min && bytes <= max) return undefined;
  return `a stack of ${bytes} bytes, not a multiple of ${PAGE_SIZE} from ${min} to ${max}`;
}

/**
 * Checks what somebody asks for as the size of the engine's stack in bytes.
 *
 * @param call - who was asked, for the error
 * @throws {TypeError} it is no number
 * @throws {RangeError} no stack has so many bytes
 */
export function checkStack(call: string, stack: number): void {
  if (typeof stack !== "number") throw new TypeError(`${call}: stack must be a number`);
  const wrong = wrongStack(stack);
  if (wrong !== undefined) throw new RangeError(`${call}: ${wrong}`);
}

/** Bytes of a program segment. */
export function programSize(noteSize: number, bytecodeSize: number): number {
  return roundUp(bytecodeOffsetOf(noteSize) + bytecodeSize + CHECKSUM_SIZE, PAGE_SIZE);
}

function bytecodeOffsetOf(noteSize: number): number {
  return roundUp(NOTE_AT + noteSize, BYTECODE_ALIGN);
}

/** Lays out a program segment in `segment`, zeros of {@link programSize}. */
export function writeProgram(
  segment: Uint8Array,
  buildId: Uint8Array,
  manifestNote: Uint8Array,
  bytecode: Uint8Array,
  stack: number,
): void {
  const bytecodeOffset = bytecodeOffsetOf(manifestNote.length);
  const view = viewOf(segment);
  segment.set([...MAGIC, ...VERSION], 0);
  segment.set(buildId, BUILD_ID_AT);
  view.setBigUint64(SIZE_AT, BigInt(segment.length), true);
  view.setBigUint64(BYTECODE_OFFSET_AT, BigInt(bytecodeOffset), true);
  view.setBigUint64(BYTECODE_SIZE_AT, BigInt(bytecode.length), true);
  view.setBigUint64(STACK_AT, BigInt(stack), true);
  segment.set(manifestNote, NOTE_AT);
  segment.set(bytecode, bytecodeOffset);
}

/** Fills in the checksum of an image that is otherwise complete and ends with its program segment. */
export function sealImage(image: Uint8Array): void {
  const end = image.length - CHECKSUM_SIZE;
  new DataView(image.buffer, image.byteOffset).setUint32(end, crc32(image.subarray(0, end)), true);
}

/**
 * Compares the checksum of an image with a program.
 *
 * @throws {ImageError} `DAMAGED`
 */
export function checkSeal(elf: ElfFile, { offset, size }: ProgramInfo): void {
  const end = offset + size - CHECKSUM_SIZE;
  let crc = 0;
  for (let at = 0; at < end; at += PIECE) crc = crc32(elf.read(at, Math.min(PIECE, end - at)), crc);
  if (viewOf(elf.read(end, CHECKSUM_SIZE)).getUint32(0, true) === crc) return;
  throw new ImageError(
    elf.subject,
    "DAMAGED",
    "its content does not match its checksum, so the file has changed since it was built: build it again",
  );
}

/** Whether this PT_LOAD, checked already, begins with the magic of a program segment. */
export function isProgram(elf: ElfFile, header: ProgramHeader): boolean {
  if (header.filesz < MAGIC.length) return false;
  const magic = elf.read(header.offset, MAGIC.length);
  return MAGIC.every((byte, i) => magic[i] === byte);
}

/**
 * Reads a program segment.
 *
 * @param header - a checked PT_LOAD for which `isProgram` holds
 * @param buildId - of the base image in the same image
 * @throws {ImageError} `BAD_PROGRAM`
 */
export function readProgram(elf: ElfFile, header: ProgramHeader, buildId: Uint8Array): ProgramInfo {
  const refuse = (why: string) => new ImageError(elf.subject, "BAD_PROGRAM", why);
  const offset = Number(header.offset);
  const vaddr = Number(header.vaddr);
  const size = Number(header.filesz);
  if (header.flags !== PF_R) throw refuse("the program segment is not read-only");
  if (header.memsz !== header.filesz || size % PAGE_SIZE !== 0 || vaddr % PAGE_SIZE !== 0) {
    throw refuse("the program segment does not consist of whole pages");
  }
  if (offset + size > LONGEST)
    throw refuse(`the program ends at byte ${offset + size} of the file, after ${LONGEST}`);
  const head = elf.read(offset, NOTE_AT);
  if (VERSION.some((byte, i) => head[MAGIC.length + i] !== byte))
    throw refuse("its program segment is of another version: build the image again");
  const field = (at: number) => viewOf(head).getBigUint64(at, true);
  if (field(SIZE_AT) !== header.filesz) {
    throw refuse(`the program says it has ${field(SIZE_AT)} bytes, its segment has ${size}`);
  }
  const compiledBy = head.subarray(BUILD_ID_AT, BUILD_ID_AT + BUILD_ID_SIZE);
  if (hexOf(compiledBy) !== hexOf(buildId)) {
    throw refuse(
      `the program was compiled for build id ${hexOf(compiledBy)}, the image has build id ${hexOf(buildId)}`,
    );
  }
  const note = findNote(elf, MANIFEST_NOTE)?.header;
  if (
    note === undefined ||
    note.offset !== header.offset + BigInt(NOTE_AT) ||
    note.vaddr !== header.vaddr + BigInt(NOTE_AT)
  ) {
    throw refuse(`the manifest note is not at ${hex(vaddr + NOTE_AT)}, in the program segment`);
  }
  const start = field(BYTECODE_OFFSET_AT);
  const length = field(BYTECODE_SIZE_AT);
  if (
    start % BigInt(BYTECODE_ALIGN) !== 0n ||
    start < BigInt(NOTE_AT) + note.filesz ||
    start + length > header.filesz - BigInt(CHECKSUM_SIZE)
  ) {
    throw refuse(
      `bytecode at ${hex(start)}, ${length} bytes, does not lie in the ${size} bytes of its segment`,
    );
  }
  const stack = Number(field(STACK_AT));
  const wrong = wrongStack(stack);
  if (wrong !== undefined) throw refuse(`the program asks for ${wrong}`);
  return {
    vaddr,
    offset,
    size,
    bytecodeOffset: offset + Number(start),
    bytecodeSize: Number(length),
    stack,
  };
}
