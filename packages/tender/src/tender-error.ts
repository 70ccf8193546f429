/**
 * Stable code of {@link TenderError}. `NOT_BUILT`: the tender's binary is not where its package should have
 * it. `START`: the host could not start it; `cause` is Node's error.
 */
export type TenderErrorCode = "NOT_BUILT" | "START";

/** A tender cannot be started. */
export class TenderError extends Error {
  override readonly name = "TenderError";
  readonly code: TenderErrorCode;

  constructor(code: TenderErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
