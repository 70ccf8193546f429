import { visible } from "@uk/manifest/node";

/**
 * What a build failed at. Stable: branch on it, never on the text.
 *
 * - `ENTRY`: where the program should be, there is none
 * - `NAME`: the name for the output is no file name
 * - `BUNDLE`: a module cannot be read, found or parsed
 * - `COMPILE`: the engine refuses the program
 * - `MANIFEST`: run up to `run`, the program does not tell its devices
 * - `LINK`: program and base image do not become an image
 * - `WRITE`: the output, or what is run to learn the devices, cannot be written
 * - `MAP`: a source map is none
 * - `TOOLCHAIN`: a part of `@uk/runtime` is missing or broken, or esbuild or Node does not run
 */
export type BuildErrorCode =
  | "ENTRY"
  | "NAME"
  | "BUNDLE"
  | "COMPILE"
  | "MANIFEST"
  | "LINK"
  | "WRITE"
  | "MAP"
  | "TOOLCHAIN";

/** Where in the sources an error is. */
export interface Place {
  /** Relative to the folder of the build. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The line with a mark under the column, and perhaps its neighbours, for people. */
  readonly frame: string;
}

/** A build that failed. The message can be printed: it has the place, and the code frame in lines of its own. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly code: BuildErrorCode;
  /** Of the first error, if there are several; `undefined` for one that is not in the sources. */
  readonly place: Place | undefined;

  constructor(code: BuildErrorCode, message: string, options?: ErrorOptions & { readonly place?: Place }) {
    super(visible(message), options);
    this.code = code;
    this.place = options?.place;
  }
}
