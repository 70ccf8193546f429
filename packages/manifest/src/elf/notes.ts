import { type Abi, decodeAbi } from "../abi-note.ts";
import { decodeDevices, type NoteDevice } from "../manifest-note.ts";
import { NoteError } from "../note-error.ts";
import { type ElfFile, HEAD_MAX, hex, least, type ProgramHeader, PT_NOTE, roundUp, viewOf } from "./elf.ts";
import { ImageError } from "./image-error.ts";

/** How a note is recognised: its name with the NUL, of at most 8 bytes, and its type. */
export interface NoteName {
  readonly owner: string;
  readonly type: number;
}

export const MANIFEST_NOTE: NoteName = { owner: "Solo5\0", type: 0x3154464d };
export const ABI_NOTE: NoteName = { owner: "Solo5\0", type: 0x31494241 };

/** Where a note's name begins, which is the size of the smallest note: ABI section 2.5, N3. */
export const NOTE_NAME_AT = 12;
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
export function findNote(elf: ElfFile, kind: NoteName): FoundNote | undefined {
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
  if (filesz < NOTE_NAME_AT) {
    const why = `the PT_NOTE in header ${index} has ${filesz} bytes, a note has at least ${NOTE_NAME_AT}`;
    throw new ImageError(elf.subject, "BAD_NOTE", why);
  }
  if (filesz >= HEAD_MAX && offset + BigInt(HEAD_MAX) > elf.size) {
    throw new ImageError(elf.subject, "TRUNCATED", `the file ends before the note of header ${index}`);
  }
}

/** N4, N6, N7 */
function noteOf(elf: ElfFile, header: ProgramHeader, kind: NoteName): FoundNote | undefined {
  const head = elf.head(header);
  if (head.length < NOTE_NAME_AT + roundUp(kind.owner.length, 4)) return undefined;
  const view = viewOf(head);
  if (view.getUint32(0, true) !== kind.owner.length) return undefined;
  if (view.getUint32(8, true) !== kind.type) return undefined;
  if ([...kind.owner].some((letter, i) => head[NOTE_NAME_AT + i] !== letter.charCodeAt(0))) return undefined;
  const length = least(BigInt(NOTE_MAX), header.filesz, BigInt(elf.size) - header.offset);
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
  return note && decode(elf, note, decodeAbi);
}

/** N8 to N10 and the rules of each descriptor are the decoder's, which cannot tell N9 from N11. */
function decode<T>(elf: ElfFile, note: FoundNote, decoder: (bytes: Uint8Array) => T): T {
  try {
    return decoder(note.bytes);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    const { index, offset, filesz } = note.header;
    if (error.code === "TRUNCATED" && BigInt(HEAD_MAX + note.descriptorSize) <= filesz) {
      const why = `the file ends before the note of header ${index} at ${hex(offset)} does`;
      throw new ImageError(elf.subject, "TRUNCATED", why, { cause: error });
    }
    throw new ImageError(elf.subject, "BAD_NOTE", error.message, { cause: error });
  }
}
