/** What went wrong: a source the engine refuses, or a part of this package that is missing or broken. */
export type RuntimeErrorCode = "SYNTAX" | "COMPILER_FAILED" | "NOT_BUILT";

/** An error of `@uk/runtime`, one line, with a stable `code`. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;
  /** Line of a `SYNTAX` error in the module's source, from 1. */
  readonly line: number | undefined;
  /** Column of a `SYNTAX` error, from 1. */
  readonly column: number | undefined;

  constructor(code: RuntimeErrorCode, message: string, place?: { line?: number; column?: number }) {
    super(message);
    this.code = code;
    this.line = place?.line;
    this.column = place?.column;
  }
}
