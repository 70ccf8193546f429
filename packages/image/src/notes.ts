import { type Abi, decodeDevices, decodeNote, type NoteDevice, NoteError } from "@uk/manifest";
import { type ElfFile, type ProgramHeader, PT_NOTE, roundUp, viewOf } from "./elf.ts";
import { ImageError } from "./image-error.ts";

/** How a note is recognised: its name with the NUL, and its type. */
export interface NoteKind {
  readonly owner: string;
  readonly type: number;
}

export const MANIFEST_NOTE: NoteKind = { owner: "Solo5\0", type: 0x3154464d };
export const ABI_NOTE: NoteKind = { owner: "Solo5\0", type: 0x31494241 };
/** ABI section 2.6: keeps a foreign system from running the image. */
export const NOT_OPENBSD_NOTE: NoteKind = { owner: "OpenBSD\0", type: 1 };
/** The build id, 32 bytes, a digest of the base image's code: what ties bytecode to it. */
export const BUILD_ID_NOTE: NoteKind = { owner: "uk\0", type: 0x31444955 };

export const BUILD_ID_SIZE = 32;

/** The smallest note, and the head of a Solo5 note: ABI section 2.5, N3-N4. */
const NOTE_MIN = 12;
const SOLO5_HEAD_SIZE = 20;
/** More than the largest note that we read has, the manifest of 63 devices. */
const NOTE_MAX = 8192;

/** A note in its file. */
export interface FoundNote {
  readonly header: ProgramHeader;
  /** From the note's first byte to the end of its PT_NOTE or of the file, or as much as any note that we read has. */
  readonly bytes: Uint8Array;
  /** As the note's head says. */
  readonly descriptorSize: number;
}

/**
 * The first PT_NOTE whose first note is of this kind. Later ones are not looked at. For the kinds that tenders read,
 * a PT_NOTE in front of it that is too short or outside the file is fatal: ABI section 2.5, N3-N7.
 *
 * @throws {ImageError} `BAD_NOTE`, `TRUNCATED`
 */
export function findNote(elf: ElfFile, kind: NoteKind): FoundNote | undefined {
  const readByTenders = kind === MANIFEST_NOTE || kind === ABI_NOTE;
  for (const header of elf.headers) {
    if (header.type !== PT_NOTE) continue;
    if (readByTenders) checkReadable(elf, header);
    const note = noteOf(elf, header, kind);
    if (note !== undefined) return note;
  }
  return undefined;
}

/** N3, N5 */
function checkReadable(elf: ElfFile, { index, offset, filesz }: ProgramHeader): void {
  if (filesz < NOTE_MIN) {
    const why = `the PT_NOTE in header ${index} has ${filesz} bytes, a note has at least ${NOTE_MIN}`;
    throw new ImageError(elf.subject, "BAD_NOTE", why);
  }
  if (filesz >= SOLO5_HEAD_SIZE && offset + BigInt(SOLO5_HEAD_SIZE) > elf.size) {
    throw new ImageError(elf.subject, "TRUNCATED", `the file ends before the note of header ${index}`);
  }
}

/** N4, N6, N7 */
function noteOf(elf: ElfFile, header: ProgramHeader, kind: NoteKind): FoundNote | undefined {
  const headSize = NOTE_MIN + roundUp(kind.owner.length, 4);
  if (header.filesz < headSize || header.offset + BigInt(headSize) > elf.size) return undefined;
  const head = elf.read(header.offset, headSize);
  const view = viewOf(head);
  if (view.getUint32(0, true) !== kind.owner.length) return undefined;
  if (view.getUint32(8, true) !== kind.type) return undefined;
  if ([...kind.owner].some((letter, i) => head[NOTE_MIN + i] !== letter.charCodeAt(0))) return undefined;
  const rest = BigInt(elf.size) - header.offset;
  const length = [header.filesz, rest].reduce((least, one) => (one < least ? one : least), BigInt(NOTE_MAX));
  const bytes = elf.read(header.offset, Number(length));
  return { header, bytes, descriptorSize: view.getUint32(4, true) };
}

/**
 * The devices in the manifest of an image, `undefined` if it has none.
 *
 * @throws {ImageError} `BAD_NOTE`, `TRUNCATED`
 */
export function readManifestNote(elf: ElfFile): readonly NoteDevice[] | undefined {
  const note = findNote(elf, MANIFEST_NOTE);
  return note && decode(elf, note, decodeDevices);
}

/**
 * Target and version of an image, `undefined` if it does not say.
 *
 * @throws {ImageError} `BAD_NOTE`, `TRUNCATED`
 */
export function readAbiNote(elf: ElfFile): Abi | undefined {
  const note = findNote(elf, ABI_NOTE);
  return note && decode(elf, note, (bytes) => decodeNote(bytes, "ABI1"));
}

/**
 * The build id of the base image that an image was linked from, `undefined` if that is none of ours.
 *
 * @throws {ImageError} `BAD_PROGRAM`
 */
export function readBuildId(elf: ElfFile): Uint8Array | undefined {
  const note = findNote(elf, BUILD_ID_NOTE);
  if (note === undefined) return undefined;
  const at = NOTE_MIN + 4;
  if (note.descriptorSize !== BUILD_ID_SIZE || note.bytes.length < at + BUILD_ID_SIZE) {
    const why = `the build id note in header ${note.header.index} does not hold ${BUILD_ID_SIZE} bytes`;
    throw new ImageError(elf.subject, "BAD_PROGRAM", why);
  }
  return note.bytes.subarray(at, at + BUILD_ID_SIZE);
}

/** Bytes as a lower-case hexadecimal number. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** N8 to N11 and the rules of each descriptor are the decoder's. */
function decode<T>(elf: ElfFile, note: FoundNote, decoder: (bytes: Uint8Array) => T): T {
  try {
    return decoder(note.bytes);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new ImageError(elf.subject, "BAD_NOTE", error.message, { cause: error });
  }
}
