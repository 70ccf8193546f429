import { type ElfFile, findNote, ImageError, NOTE_NAME_AT, type NoteName } from "@uk/manifest/elf";

/** ABI section 2.6: keeps a foreign system from running the image. */
export const NOT_OPENBSD_NOTE: NoteName = { owner: "OpenBSD\0", type: 1 };
/** The build id, 32 bytes, a digest of the base image's code: what ties bytecode to it. */
export const BUILD_ID_NOTE: NoteName = { owner: "uk\0", type: 0x31444955 };

export const BUILD_ID_SIZE = 32;

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
