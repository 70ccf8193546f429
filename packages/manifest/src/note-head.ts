import { NoteError, type NoteKind } from "./note-error.ts";

/** Bytes of the head that every Solo5 note has: three words, and the name `Solo5` padded to 8. ABI section 2.1. */
export const NOTE_HEAD_SIZE = 20;

const OWNER = [0x53, 0x6f, 0x6c, 0x6f, 0x35, 0x00]; // "Solo5" NUL

/** The type word, and the bounds of the descriptor size (ABI section 2.5, N8), of each kind. */
const KINDS: Readonly<Record<NoteKind, { type: number; descriptorMax: number }>> = {
  MFT1: { type: 0x3154464d, descriptorMax: 6668 },
  ABI1: { type: 0x31494241, descriptorMax: 32 },
};

/** A zeroed note of the right size with its head filled in. */
export function newNote(kind: NoteKind, descriptorSize: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(NOTE_HEAD_SIZE + descriptorSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, OWNER.length, true);
  view.setUint32(4, descriptorSize, true);
  view.setUint32(8, KINDS[kind].type, true);
  bytes.set(OWNER, 12);
  return { bytes, view };
}

/**
 * Checks a note's head against ABI section 2.5, N4-N9, and gives the size of the descriptor that follows it.
 * Bytes after the descriptor are allowed, as the rules allow them.
 */
export function readNoteHead(kind: NoteKind, bytes: Uint8Array, view: DataView): number {
  if (bytes.length < NOTE_HEAD_SIZE) {
    throw new NoteError(kind, "TRUNCATED", `a head has ${NOTE_HEAD_SIZE} bytes, there are ${bytes.length}`);
  }
  const { type, descriptorMax } = KINDS[kind];
  if (view.getUint32(0, true) !== OWNER.length || OWNER.some((byte, index) => bytes[12 + index] !== byte)) {
    throw new NoteError(kind, "NOT_SOLO5", "the note's name is not Solo5");
  }
  const foundType = view.getUint32(8, true);
  if (foundType !== type) {
    throw new NoteError(kind, "WRONG_NOTE_TYPE", `expected type ${hex(type)}, found ${hex(foundType)}`);
  }
  const size = view.getUint32(4, true);
  if (size < 1 || size > descriptorMax) {
    // "note does not fall within valid size" is a fragment that scripts look for (ABI section 10.3).
    const why = `note does not fall within valid size: the descriptor has ${size} bytes, 1 to ${descriptorMax} are allowed`;
    throw new NoteError(kind, "BAD_DESCRIPTOR_SIZE", why);
  }
  if (bytes.length < NOTE_HEAD_SIZE + size) {
    const why = `head and descriptor need ${NOTE_HEAD_SIZE + size} bytes, there are ${bytes.length}`;
    throw new NoteError(kind, "TRUNCATED", why);
  }
  return size;
}

/** Whether the type word of a note is that of this kind. */
export function isNoteOf(kind: NoteKind, bytes: Uint8Array): boolean {
  return bytes.length >= NOTE_HEAD_SIZE && viewOf(bytes).getUint32(8, true) === KINDS[kind].type;
}

/** @throws {TypeError} `note` is no bytes */
export function checkBytes(call: string, note: unknown): void {
  if (!(note instanceof Uint8Array)) throw new TypeError(`${call}: expected a Uint8Array`);
}

/** A view of exactly these bytes, wherever they lie in their buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
