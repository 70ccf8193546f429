import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { followed, writeAll } from "./descriptor.ts";
import { FileError } from "./file-error.ts";
import { systemReason } from "./system-reason.ts";

/**
 * Writes a file that a user has named; or standard output, for `-`. A regular file is whole at any moment, the old one
 * or the new: the text is written under a name in the same folder that nobody can guess, which then becomes its own.
 * A new file has the permissions that any has, an old one keeps its own; a link stays, and leads to the new file. What
 * is no regular file, such as a pipe, is written to.
 *
 * @param what - what it is, e.g. `the C source`
 * @param source - of what the text was made from, which is not to be overwritten
 * @throws {FileError} `WRITE`; nothing is left behind then
 */
export function writeOutput(path: string, what: string, text: string, source: BigIntStats): void {
  if (path === "") throw new FileError("WRITE", path, what, "the name is empty");
  const bytes = Buffer.from(text);
  const attempt: Attempt = (call, why = "") => {
    try {
      return call();
    } catch (cause) {
      throw new FileError("WRITE", path, what, `${why}${systemReason(cause)}`, { cause });
    }
  };
  // Links that lead nowhere but to themselves are found out here.
  const old = attempt(() =>
    path === "-" ? fstatSync(1, { bigint: true }) : statSync(path, { bigint: true, throwIfNoEntry: false }),
  );
  if (old?.isFile() && old.dev === source.dev && old.ino === source.ino) {
    throw new FileError("WRITE", path, what, "it is the file that is read: name another one");
  }
  const place = path === "-" ? 1 : attempt(() => followed(path));
  if (typeof place === "number") attempt(() => writeAll(place, bytes));
  else if (old === undefined || old.isFile()) replace(place, bytes, old, attempt);
  else attempt(() => writeTo(place, bytes));
}

/** Makes an error one of the output; `why` is put before its reason. */
type Attempt = <R>(call: () => R, why?: string) => R;

function replace(path: string, bytes: Uint8Array, old: BigIntStats | undefined, attempt: Attempt): void {
  // One who may not write into the old file may perhaps replace it, which is not what its permissions are for.
  if (old !== undefined) attempt(() => accessSync(path, constants.W_OK));
  const mode = old && Number(old.mode & 0o777n);
  const temporary = `${dirname(path)}/.uk-${crypto.randomUUID()}.tmp`;
  const make = () => openSync(temporary, "wx", mode ?? 0o666);
  const descriptor = attempt(make, "no file can be made in its folder: ");
  try {
    attempt(() => {
      try {
        if (mode !== undefined) fchmodSync(descriptor, mode);
        writeAll(descriptor, bytes);
      } finally {
        closeSync(descriptor);
      }
    });
    attempt(
      () => renameSync(temporary, path),
      "no other file can take its place, write to - and redirect it: ",
    );
  } catch (error) {
    remove(temporary);
    throw error;
  }
}

/** What went wrong before says more than that this does. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

function writeTo(path: string, bytes: Uint8Array): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOCTTY);
  try {
    writeAll(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}
