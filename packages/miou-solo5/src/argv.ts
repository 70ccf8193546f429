import { hostProcess } from "./host.ts";
import { currentTarget } from "./target.ts";

/** Words after the first that the program sees; the rest is dropped. */
const MAX_WORDS = 62;

/**
 * Arguments of the program. The first is always `uk`; then the words of the command line, split at
 * runs of spaces only: no quoting, tabs kept, at most 62.
 */
export const argv: readonly string[] = Object.freeze([
  "uk",
  ...splitWords(currentTarget()?.cmdline ?? hostProcess()?.argv.slice(2).join(" ") ?? ""),
]);

/** The words of a command line, as {@link argv} has them. */
export function splitWords(line: string): string[] {
  return line
    .split(" ")
    .filter((word) => word !== "")
    .slice(0, MAX_WORDS);
}
