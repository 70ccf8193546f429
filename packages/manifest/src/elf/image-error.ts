/**
 * Why an image was refused. Stable: branch on it, never on the text.
 *
 * - `TRUNCATED`: the file ends before what its headers speak of
 * - `NOT_ELF` to `BAD_ENTRY`: the ELF header (ABI section 3.1)
 * - `SEGMENT_...`, `WRITE_AND_EXECUTE`: a PT_LOAD breaks a rule of ABI section 3.2
 * - `BAD_NOTE`, `NO_ABI`, `NO_MANIFEST`: the notes (ABI section 2.5)
 * - `BAD_PROGRAM`: what our linker adds, the program segment and the base image's build id, is not as it must be
 * - `DAMAGED`: the file of an image that our linker made has changed since
 * - the rest: only `link`
 */
export type ImageErrorCode =
  | "TRUNCATED"
  | "NOT_ELF"
  | "WRONG_CLASS"
  | "WRONG_BYTE_ORDER"
  | "WRONG_MACHINE"
  | "LINUX_EXECUTABLE"
  | "NOT_EXECUTABLE"
  | "BAD_ELF_HEADER"
  | "BAD_ENTRY"
  | "SEGMENT_TOO_LOW"
  | "SEGMENT_ORDER"
  | "SEGMENT_ALIGNMENT"
  | "SEGMENT_OVERLAP"
  | "SEGMENT_OUTSIDE_MEMORY"
  | "SEGMENT_SIZES"
  | "WRITE_AND_EXECUTE"
  | "BAD_NOTE"
  | "NO_ABI"
  | "NO_MANIFEST"
  | "BAD_PROGRAM"
  | "DAMAGED"
  | "NOT_A_BASE_IMAGE"
  | "ALREADY_LINKED"
  | "BUILD_ID_MISMATCH"
  | "NO_ROOM_FOR_HEADERS";

/** What was being read when it was refused. */
export type ImageSubject = "image" | "base image";

/** An image was refused; the message is one line that says what is wrong with it. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly code: ImageErrorCode;
  /** The message without subject and code. */
  readonly why: string;

  constructor(subject: ImageSubject, code: ImageErrorCode, why: string, options?: ErrorOptions) {
    super(`${subject}: ${code}: ${why}`, options);
    this.code = code;
    this.why = why;
  }
}
