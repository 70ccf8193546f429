import { getSystemErrorMap } from "node:util";

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
