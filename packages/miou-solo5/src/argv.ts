/** Words after the first that the program sees; the rest is dropped. */
const MAX_WORDS = 62;

/**
 * Arguments of the program. The first is always `uk`; then, once {@link run} has started `main`, the words of the command
 * line, split at runs of spaces only: no quoting, tabs kept, at most 62.
 */
export let argv: readonly string[] = argvOf("");

/** The arguments on a command line. */
export function argvOf(cmdline: string): readonly string[] {
  return Object.freeze(["uk", ...splitWords(cmdline)]);
}

/** These are the arguments of the program that runs now; programs may share this module and take turns. */
export function useArgv(words: readonly string[]): void {
  argv = words;
}

/** The words of a command line, as {@link argv} has them. */
export function splitWords(line: string): string[] {
  return line
    .split(" ")
    .filter((word) => word !== "")
    .slice(0, MAX_WORDS);
}
