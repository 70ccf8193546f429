import { visibleName } from "./visible.ts";

/** Whether a file could not be read, or not be written. Stable: branch on it, never on the text. */
export type FileErrorCode = "READ" | "WRITE";

/** A file that a user has named is refused. The message is one line that can be printed: which file, for what, why. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly code: FileErrorCode;
  /** As the user has named it. */
  readonly path: string;

  /** @param what - what the file is for, e.g. `the image` */
  constructor(code: FileErrorCode, path: string, what: string, why: string, options?: ErrorOptions) {
    super(visibleName(`${path || '""'}: cannot ${code.toLowerCase()} ${what}: ${why}`), options);
    this.code = code;
    this.path = path;
  }
}
