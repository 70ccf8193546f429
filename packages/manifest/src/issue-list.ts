import {
  ManifestError,
  type ManifestErrorCode,
  type ManifestIssue,
  type Position,
  type Segments,
} from "./manifest-error.ts";
import { quote } from "./quote.ts";

/** Most issues that an error lists: a document with so many is not read further. */
export const ISSUES_MAX = 100 as const;

/** Collects what is wrong with one document. */
export class IssueList {
  readonly #issues: ManifestIssue[] = [];

  /** @throws {ManifestError} there are {@link ISSUES_MAX} now */
  add(
    code: ManifestErrorCode,
    segments: Segments,
    expected: string,
    found: string,
    position: Position | undefined,
  ): void {
    const path = pathOf(segments);
    const { line, column } = position ?? {};
    const where = position === undefined ? path : `${path} (line ${line}, column ${column})`;
    const message = `${where}: expected ${expected}, found ${found}`;
    this.#issues.push({ code, path, segments, line, column, expected, found, message });
    if (this.#issues.length === ISSUES_MAX) throw this.error();
  }

  /** @throws {ManifestError} something is wrong */
  throwIfAny(): void {
    if (this.#issues.length > 0) throw this.error();
  }

  /** What to throw once something is wrong. */
  error(): ManifestError {
    return new ManifestError(this.#issues as [ManifestIssue, ...ManifestIssue[]]);
  }
}

/** `.devices[0]["odd key"]`, or `(root)`. */
function pathOf(segments: Segments): string {
  if (segments.length === 0) return "(root)";
  const parts = segments.map((segment) => {
    if (typeof segment === "number") return `[${segment}]`;
    return /^[A-Za-z_$][A-Za-z0-9_]{0,39}$/.test(segment) ? `.${segment}` : `[${quote(segment)}]`;
  });
  return parts.join("");
}
