import {
  ABI_NOTE,
  type ElfFile,
  findNote,
  ImageError,
  MANIFEST_NOTE,
  NOTE_NAME_AT,
  type NoteName,
  PT_NOTE,
  roundUp,
  viewOf,
} from "@uk/manifest/elf";
import { printable } from "./printable.ts";

/** ABI section 2.6: keeps a foreign system from running the image. */
export const NOT_OPENBSD_NOTE: NoteName = { owner: "OpenBSD\0", type: 1 };
/** The build id, 32 bytes, a digest of the base image's code: what ties bytecode to it. */
export const BUILD_ID_NOTE: NoteName = { owner: "uk\0", type: word("UID1") };
/** A line each for engine and guest of a base image: name, space, version. */
export const ENGINE_NOTE: NoteName = { owner: "uk\0", type: word("UEN1") };
/** What tells an image from others, where tools of the host look for it. */
export const IMAGE_ID_NOTE: NoteName = { owner: "GNU\0", type: 3 };
/** The debug id of the program's source map, 16 bytes of a UUID. */
export const DEBUG_ID_NOTE: NoteName = { owner: "uk\0", type: word("UDI1") };
/** What the program is made of: a CycloneDX document, JSON in ASCII. */
export const SBOM_NOTE: NoteName = { owner: "uk\0", type: word("UBM1") };

/** What a note is, for those that are known here. ABI section 2.6. */
export type NoteKind =
  | "not_openbsd"
  | "abi"
  | "manifest"
  | "base build id"
  | "engine"
  | "image id"
  | "debug id"
  | "sbom";

const KINDS: readonly (readonly [NoteName, NoteKind])[] = [
  [NOT_OPENBSD_NOTE, "not_openbsd"],
  [ABI_NOTE, "abi"],
  [MANIFEST_NOTE, "manifest"],
  [BUILD_ID_NOTE, "base build id"],
  [ENGINE_NOTE, "engine"],
  [IMAGE_ID_NOTE, "image id"],
  [DEBUG_ID_NOTE, "debug id"],
  [SBOM_NOTE, "sbom"],
];

export const BUILD_ID_SIZE = 32;

/** Most notes of an image that are listed, and most bytes of an owner's name: a hostile one has millions. */
export const NOTES_MAX = 256;
const OWNER_MAX = 64;

/** A note, wherever a PT_NOTE of the image holds it. Sizes and offsets in bytes. */
export interface ImageNote {
  /** Its name without the NUL, of printable characters; 64 at most. */
  readonly owner: string;
  readonly type: number;
  /** `undefined` for a note of somebody else. */
  readonly kind: NoteKind | undefined;
  /** Where its head lies in the file. */
  readonly offset: number;
  /** Where its descriptor lies in the file, and its size; all of it lies in the PT_NOTE and in the file. */
  readonly contentOffset: number;
  readonly size: number;
  /** Which program header it is in. */
  readonly header: number;
}

/** The notes of an image in the order of the file's headers; the first {@link NOTES_MAX}. */
export function listNotes(elf: ElfFile): readonly ImageNote[] {
  const notes: ImageNote[] = [];
  const size = BigInt(elf.size);
  for (const { type, index, offset, filesz, align } of elf.headers) {
    if (type !== PT_NOTE || offset > size) continue;
    const end = Number(offset + filesz < size ? offset + filesz : size);
    for (let at = Number(offset); at + NOTE_NAME_AT <= end; ) {
      if (notes.length === NOTES_MAX) return notes;
      const note = noteAt(elf, at, end, align === 8n ? 8 : 4, index);
      if (note === undefined) break;
      notes.push(note);
      at = roundUp(note.contentOffset + note.size, align === 8n ? 8 : 4);
    }
  }
  return notes;
}

function noteAt(elf: ElfFile, at: number, end: number, unit: number, header: number): ImageNote | undefined {
  const head = elf.read(at, Math.min(NOTE_NAME_AT + OWNER_MAX, end - at));
  const view = viewOf(head);
  const nameSize = view.getUint32(0, true);
  const size = view.getUint32(4, true);
  const type = view.getUint32(8, true);
  const contentOffset = roundUp(at + NOTE_NAME_AT + nameSize, unit);
  if (contentOffset + size > end) return undefined;
  const name = head.subarray(NOTE_NAME_AT, NOTE_NAME_AT + nameSize);
  const owner = String.fromCharCode(...name);
  const kind = KINDS.find(([known]) => known.owner === owner && known.type === type)?.[1];
  return { owner: printable(owner.replace(/\0$/, "")), type, kind, offset: at, contentOffset, size, header };
}

/** The whole of a note: head, name and descriptor, padded to 4. */
export function encode({ owner, type }: NoteName, descriptor: Uint8Array): Uint8Array {
  const contentAt = NOTE_NAME_AT + roundUp(owner.length, 4);
  const bytes = new Uint8Array(contentAt + roundUp(descriptor.length, 4));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, owner.length, true);
  view.setUint32(4, descriptor.length, true);
  view.setUint32(8, type, true);
  bytes.set(ascii(owner), NOTE_NAME_AT);
  bytes.set(descriptor, contentAt);
  return bytes;
}

/**
 * The build id of the base image that an image was linked from, `undefined` if that is none of ours.
 *
 * @throws {ImageError} `BAD_PROGRAM`
 */
export function readBuildId(elf: ElfFile): Uint8Array | undefined {
  const note = findNote(elf, BUILD_ID_NOTE);
  if (note === undefined) return undefined;
  const at = NOTE_NAME_AT + 4;
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

/** Text of ASCII as bytes. In guests too, which have no `TextEncoder`. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter: string) => letter.charCodeAt(0));
}

/** Four letters as the type of a note. */
function word(letters: string): number {
  return [...letters].reduceRight((value, letter) => value * 256 + letter.charCodeAt(0), 0);
}
