import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type { ImageSource } from "@uk/image";
import { BuildError } from "./build-error.ts";
import { systemReason } from "./system-reason.ts";

/** Most bytes of a file that is read whole: far more than a source map or a log that somebody looks at has. */
export const WHOLE_MAX: number = 64 << 20;

/**
 * Opens a file that a user has named, or that lies beside one, for as long as `use` runs. It is a regular file: nobody
 * waits for a pipe, and a device has no end. What is checked is what is read, whatever has the name by then.
 *
 * @param what - what it is for, e.g. `the image`
 * @throws {BuildError} `READ`: it cannot be opened or read, or is no regular file; one line that says why
 */
export function withRegularFile<T>(path: string, what: string, use: (file: ImageSource) => T): T {
  const refuse = (why: string, options?: ErrorOptions): BuildError =>
    new BuildError("READ", `${path}: cannot read ${what}: ${why}`, options);
  const attempt = <R>(call: () => R): R => {
    try {
      return call();
    } catch (cause) {
      throw refuse(systemReason(cause), { cause });
    }
  };
  const fd = attempt(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
  try {
    const status = attempt(() => fstatSync(fd));
    const why = notRegular(status);
    if (why !== undefined) throw refuse(why);
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      for (let got = 1; done < length && got > 0; done += got) {
        got = attempt(() => readSync(fd, bytes, done, length - done, offset + done));
      }
      return bytes.subarray(0, done);
    };
    return use({ size: status.size, read });
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads a regular file of at most {@link WHOLE_MAX} bytes.
 *
 * @throws {BuildError} `READ`: as {@link withRegularFile}; it is larger
 */
export function readRegularFile(path: string, what: string): Uint8Array {
  return withRegularFile(path, what, ({ size, read }) => {
    const why = tooLarge(size);
    if (why !== undefined) throw new BuildError("READ", `${path}: cannot read ${what}: ${why}`);
    return read(0, size);
  });
}

/** Why somebody else, who will open the file at `path`, should not read it whole; what is not there, he is to say. */
export function whyNotReadable(path: string): string | undefined {
  try {
    const status = statSync(path);
    return notRegular(status) ?? tooLarge(status.size);
  } catch {
    return undefined;
  }
}

function notRegular(status: Stats): string | undefined {
  if (status.isDirectory()) return "it is a directory";
  return status.isFile() ? undefined : "it is not a regular file";
}

function tooLarge(size: number): string | undefined {
  return size > WHOLE_MAX ? `it has ${size} bytes, of which at most ${WHOLE_MAX} are read` : undefined;
}
