/** Lines of a tender that are no verdict: what is said of a guest that runs, or after its end. */
const ASIDE = /^(?:warning: |waiting for a debugger: |core file|dumped \d)/;

/**
 * The lines that say why the tender ended, without its name in front; none if it had nothing to say. Only the
 * tender writes to its standard error: these are its words, not the guest's.
 *
 * @param program - its name, as in front of its lines
 */
export function verdict(stderr: string, program: string): string[] {
  return stderr
    .split("\n")
    .filter((line) => line.startsWith(`${program}: `))
    .map((line) => line.slice(program.length + 2))
    .filter((line) => !ASIDE.test(line));
}
