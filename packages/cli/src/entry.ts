import { statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { CliError, systemReason } from "./error.ts";

/** A program to build: its first module, and the name of what comes out. */
export interface Entry {
  /** Absolute path of the module. */
  readonly path: string;
  /** Default for `--name`. */
  readonly name: string;
}

const MAINS = ["main", "index", "src/main", "src/index"].flatMap((stem) =>
  ["ts", "mts", "js", "mjs"].map((extension) => `${stem}.${extension}`),
);

/**
 * The entry that ENTRY names: a module, or a folder with a `main` or `index` in it or in its `src`.
 *
 * @throws {CliError} nothing is there
 */
export function findEntry(operand: string): Entry {
  const path = resolve(operand);
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw new CliError(`${operand}: cannot open the program: ${systemReason(error)}`);
  }
  if (!isDirectory) return { path, name: nameOf(path) };
  const main = MAINS.map((file) => join(path, file)).find((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
  if (main === undefined)
    throw new CliError(`${operand}: the folder has no main.ts or index.ts, neither itself nor in src`);
  return { path: main, name: basename(path) };
}

/** `src/hello.ts` is `hello`, `hello/main.ts` and `hello/src/main.ts` are, too. */
function nameOf(path: string): string {
  const stem = basename(path, extname(path));
  if (stem !== "main" && stem !== "index") return stem;
  const folder = dirname(path);
  const name = basename(basename(folder) === "src" ? dirname(folder) : folder);
  return name === "" ? stem : name;
}
