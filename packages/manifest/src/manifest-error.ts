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

/** The keys and indices that lead from the root to a value. */
export type Segments = readonly (string | number)[];

/** One rule that a document breaks: which, where, what was asked and what was there. */
export interface ManifestIssue {
  readonly code: ManifestErrorCode;
  /** `(root)`, or a path like `.devices[2].name`. Printable ASCII; odd and long keys are quoted and shortened. */
  readonly path: string;
  /** The same as keys and indices, as they are in the document: `["devices", 2, "name"]`. */
  readonly segments: Segments;
  /** Line of the offending value or key, from 1; `undefined` when there is no source text. */
  readonly line: number | undefined;
  /** Column of the offending value or key, from 1, in UTF-16 code units. */
  readonly column: number | undefined;
  /** What the rule asks for, in a few words. Printable ASCII. */
  readonly expected: string;
  /** What was there instead, quoted and shortened. Printable ASCII, so safe to show on a terminal. */
  readonly found: string;
  /** All of it in a line: `.version (line 4, column 5): expected 1, found 2`. Printable ASCII. */
  readonly message: string;
}

/** A manifest was refused. Its own members are those of the first issue, the one that Solo5's tool would name. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  /** Every rule that the document breaks, at most {@link ISSUES_MAX}, in the order of ABI section 1.3. */
  readonly issues: readonly [ManifestIssue, ...ManifestIssue[]];
  readonly code: ManifestErrorCode;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(issues: readonly [ManifestIssue, ...ManifestIssue[]]) {
    const [first, ...more] = issues;
    super(
      `manifest: ${first.code}: ${first.message}${more.length === 0 ? "" : ` (and ${more.length} more)`}`,
    );
    this.issues = issues;
    this.code = first.code;
    this.path = first.path;
    this.expected = first.expected;
    this.found = first.found;
    this.line = first.line;
    this.column = first.column;
  }
}
