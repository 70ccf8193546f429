import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { ImageSource } from "../elf/image-source.ts";
import { followed, readUpTo } from "./descriptor.ts";
import { FileError } from "./file-error.ts";
import { systemReason } from "./system-reason.ts";

/** A file that is open for reading. Whatever fails is a {@link FileError} that names it. */
export class Input {
  readonly #path: string;
  readonly #what: string;
  readonly #descriptor: number;
  /** Of what is open, whatever has the name by now. */
  readonly status: BigIntStats;

  constructor(path: string, what: string, descriptor: number) {
    this.#path = path;
    this.#what = what;
    this.#descriptor = descriptor;
    this.status = this.#attempt(() => fstatSync(descriptor, { bigint: true }));
  }

  /** The error that says why it is not read. */
  refusal(why: string, options?: ErrorOptions): FileError {
    return new FileError("READ", this.#path, this.#what, why, options);
  }

  /** What is left to read, but no more than `max` bytes; a pipe is waited for. */
  upTo(max: number): Uint8Array {
    return this.#attempt(() => readUpTo(this.#descriptor, max));
  }

  /** A regular file, read where it is asked for. */
  source(): ImageSource {
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      for (let got = 1; done < length && got > 0; done += got) {
        got = this.#attempt(() => readSync(this.#descriptor, bytes, done, length - done, offset + done));
      }
      return bytes.subarray(0, done);
    };
    return { size: Number(this.status.size), read };
  }

  #attempt<R>(call: () => R): R {
    try {
      return call();
    } catch (cause) {
      throw this.refusal(systemReason(cause), { cause });
    }
  }
}

/**
 * Opens a file that a user has named for as long as `use` runs: any that can be read to an end, or standard input for
 * `-`.
 *
 * @param what - what it is for, e.g. `the image`
 * @throws {FileError} `READ`: it cannot be opened
 */
export function withInput<T>(path: string, what: string, use: (input: Input) => T): T {
  const place = path === "-" ? 0 : followed(path);
  return typeof place === "number" ? use(new Input(path, what, place)) : withOpen(path, what, 0, use);
}

/** @param flags - beyond those for reading */
export function withOpen<T>(path: string, what: string, flags: number, use: (input: Input) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOCTTY | flags);
  } catch (cause) {
    throw new FileError("READ", path, what, systemReason(cause), { cause });
  }
  try {
    return use(new Input(path, what, descriptor));
  } finally {
    closeSync(descriptor);
  }
}
