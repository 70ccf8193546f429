import { constants, statSync } from "node:fs";
import type { ImageSource } from "../elf/image-source.ts";
import { withOpen } from "./input.ts";

/** Most bytes of a file that is read whole: far more than a source map or a log that somebody looks at has. */
export const WHOLE_MAX: number = 64 << 20;

/**
 * Opens a file that a user has named, or that lies beside one, for as long as `use` runs. It is a regular file: nobody
 * waits for a pipe, and a device has no end. What is checked is what is read, whatever has the name by then.
 *
 * @param what - what it is for, e.g. `the image`
 * @throws {FileError} `READ`: it cannot be opened or read, or is no regular file; one line that says why
 */
export function withRegularFile<T>(path: string, what: string, use: (file: ImageSource) => T): T {
  return withOpen(path, what, constants.O_NONBLOCK, (input) => {
    const why = notRegular(input.status);
    if (why !== undefined) throw input.refusal(why);
    return use(input.source());
  });
}

/**
 * Reads a regular file of at most {@link WHOLE_MAX} bytes.
 *
 * @throws {FileError} `READ`: as {@link withRegularFile}; it is larger
 */
export function readRegularFile(path: string, what: string): Uint8Array {
  return withOpen(path, what, constants.O_NONBLOCK, (input) => {
    const why = notRegular(input.status) ?? tooLarge(input.status.size);
    if (why !== undefined) throw input.refusal(why);
    return input.source().read(0, Number(input.status.size));
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

function notRegular(status: { isDirectory(): boolean; isFile(): boolean }): string | undefined {
  if (status.isDirectory()) return "it is a directory";
  return status.isFile() ? undefined : "it is not a regular file";
}

function tooLarge(size: number | bigint): string | undefined {
  return size > WHOLE_MAX ? `it has ${size} bytes, of which at most ${WHOLE_MAX} are read` : undefined;
}
