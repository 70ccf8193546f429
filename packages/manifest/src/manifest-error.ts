/**
 * Why a manifest was refused. Stable: branch on it, never on the text.
 *
 * - `TOO_LARGE`, `ENCODING`, `SYNTAX`, `TOO_DEEP`, `DUPLICATE_KEY`: the text is not JSON that we read
 * - `WRONG_TYPE`, `UNKNOWN_KEY`, `MISSING_KEY`: the JSON has another shape
 * - the rest: the shape is right and a value is not
 */
export type ManifestErrorCode =
  | "TOO_LARGE"
  | "ENCODING"
  | "SYNTAX"
  | "TOO_DEEP"
  | "DUPLICATE_KEY"
  | "WRONG_TYPE"
  | "UNKNOWN_KEY"
  | "MISSING_KEY"
  | "NOT_A_MANIFEST"
  | "UNSUPPORTED_VERSION"
  | "TOO_MANY_DEVICES"
  | "NAME_EMPTY"
  | "NAME_TOO_LONG"
  | "NAME_NOT_ALPHANUMERIC"
  | "UNKNOWN_DEVICE_TYPE"
  | "DUPLICATE_NAME";

/** A place in the source text, both from 1; a column counts UTF-16 code units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What a {@link ManifestError} carries. */
export interface ManifestErrorDetails {
  readonly code: ManifestErrorCode;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly position?: Position | undefined;
}

/** A manifest was refused: which rule, where, what was asked and what was there. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly code: ManifestErrorCode;
  /** `(root)`, or a path like `.devices[2].name`. */
  readonly path: string;
  /** What the rule asks for, in a few words. Printable ASCII. */
  readonly expected: string;
  /** What was there instead, quoted and shortened. Printable ASCII, so safe to show on a terminal. */
  readonly found: string;
  /** Line of the offending value or key, from 1; `undefined` when there is no source text. */
  readonly line: number | undefined;
  /** Column of the offending value or key, from 1, in UTF-16 code units. */
  readonly column: number | undefined;

  constructor({ code, path, expected, found, position }: ManifestErrorDetails) {
    const where =
      position === undefined ? path : `${path} (line ${position.line}, column ${position.column})`;
    super(`manifest: ${code}: ${where}: expected ${expected}, found ${found}`);
    this.code = code;
    this.path = path;
    this.expected = expected;
    this.found = found;
    this.line = position?.line;
    this.column = position?.column;
  }
}
