/** Which kind of note was read: the manifest or the ABI. */
export type NoteKind = "MFT1" | "ABI1";

/**
 * Why a note was refused. Stable: branch on it, never on the text.
 *
 * - `TRUNCATED`: fewer bytes than the head or the descriptor needs (ABI section 2.5, N3-N5, N9, N11)
 * - `NOT_SOLO5`, `WRONG_NOTE_TYPE`: another note (ABI section 2.5, N6-N7)
 * - `BAD_DESCRIPTOR_SIZE`: the descriptor's size is out of bounds (ABI section 2.5, N8, N10; rule 1 of ABI section 2.3)
 * - the rest: the descriptor breaks a rule of ABI section 2.3, or holds what no manifest can say
 */
export type NoteErrorCode =
  | "TRUNCATED"
  | "NOT_SOLO5"
  | "WRONG_NOTE_TYPE"
  | "BAD_DESCRIPTOR_SIZE"
  | "UNSUPPORTED_VERSION"
  | "BAD_ENTRY_COUNT"
  | "BAD_RESERVED_ENTRY"
  | "NAME_NOT_TERMINATED"
  | "ALREADY_ATTACHED"
  | "BAD_NAME"
  | "UNKNOWN_DEVICE_TYPE"
  | "DUPLICATE_NAME";

/** An ELF note was refused. */
export class NoteError extends Error {
  override readonly name = "NoteError";
  readonly code: NoteErrorCode;
  readonly note: NoteKind;

  constructor(note: NoteKind, code: NoteErrorCode, why: string, options?: ErrorOptions) {
    super(`${note} note: ${code}: ${why}`, options);
    this.code = code;
    this.note = note;
  }
}
