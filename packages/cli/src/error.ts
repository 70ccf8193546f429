/** Exit statuses of `uk` itself; `uk run` passes the tender's on. */
export const status = {
  ok: 0,
  /** The program, an image or the host is at fault. */
  failure: 1,
  /** Two images could not be compared, which is not that they differ. */
  trouble: 2,
  /** The command line is at fault (sysexits: EX_USAGE). */
  usage: 64,
} as const;

/** What `uk` tells its user: printed after `uk: `, never with a stack trace. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly status: number;

  constructor(message: string, exitStatus: number = status.failure) {
    super(message);
    this.status = exitStatus;
  }
}

const SAID: ReadonlySet<string> = new Set(["CliError", "BuildError", "FileError", "TenderError"]);

/** Whether an error says to a user, in its message, what is wrong. */
export function isSaid(error: unknown): error is Error & { readonly status?: number } {
  return error instanceof Error && SAID.has(error.name);
}
