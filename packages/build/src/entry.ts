import { statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { systemReason } from "@uk/manifest/node";
import { BuildError } from "./build-error.ts";

/** A program to build: its first module, and the name of what comes out. */
export interface Entry {
  /** Absolute path of the module. */
  readonly path: string;
  /** What its output is called without a name of its own. */
  readonly name: string;
}

const MAINS = ["main", "index", "src/main", "src/index"].flatMap((stem) =>
  ["ts", "mts", "js", "mjs"].map((extension) => `${stem}.${extension}`),
);

/**
 * The entry that somebody names: a module, or a folder with a `main` or `index` in it or in its `src`.
 *
 * @param operand - path or `file:` URL
 * @param cwd - folder that a relative path starts from
 * @throws {BuildError} `ENTRY`: nothing is there, or the URL is not that of a file
 */
export function findEntry(operand: string | URL, cwd = "."): Entry {
  const path = resolve(cwd, operand instanceof URL ? pathOf(operand) : operand);
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (cause) {
    throw new BuildError("ENTRY", `${operand}: cannot open the program: ${systemReason(cause)}`, { cause });
  }
  if (!isDirectory) return { path, name: nameOf(path) };
  const main = MAINS.map((file) => join(path, file)).find((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
  if (main === undefined)
    throw new BuildError(
      "ENTRY",
      `${operand}: the folder has no main.ts or index.ts, neither itself nor in src`,
    );
  return { path: main, name: basename(path) };
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    const why =
      "cannot open the program: it is not the URL of a file on this host: give a path or a file: URL";
    throw new BuildError("ENTRY", `${url}: ${why}`, { cause });
  }
}

/** `src/hello.ts` is `hello`, `hello/main.ts` and `hello/src/main.ts` are, too. */
function nameOf(path: string): string {
  const stem = basename(path, extname(path));
  if (stem !== "main" && stem !== "index") return stem;
  const folder = dirname(path);
  const name = basename(basename(folder) === "src" ? dirname(folder) : folder);
  return name === "" ? stem : name;
}
