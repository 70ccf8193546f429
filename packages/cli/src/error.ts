import { getSystemErrorMap } from "node:util";

/** Exit statuses of `uk` itself; `uk run` passes the tender's on. */
export const status = {
  ok: 0,
  /** The program, an image or the machine is at fault. */
  failure: 1,
  /** The command line is at fault (sysexits: EX_USAGE). */
  usage: 64,
} as const;

/** What `uk` tells its user: printed after `uk: `, never with a stack trace. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly status: number;

  constructor(message: string, exitStatus: number = status.failure, options?: ErrorOptions) {
    super(message, options);
    this.status = exitStatus;
  }
}

/** Message of a system error without Node's decoration, e.g. `permission denied`. */
export function systemReason(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ""] ?? getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}

const reasons: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
  EEXIST: "a file of that name is in the way",
  ENOSPC: "no space left on the device",
  ENXIO: "it is not a regular file",
};
