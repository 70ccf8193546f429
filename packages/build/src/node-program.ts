import { resolve } from "node:path";
import type { Manifest } from "@uk/manifest";
import type { BuildError } from "./build-error.ts";
import { type Bundle, type BundleInput, bundle, watchBundle } from "./bundle.ts";
import { type Entry, findEntry } from "./entry.ts";
import { inferManifest } from "./infer-manifest.ts";
import { writeProgram } from "./write-program.ts";

/** A program in one module that Node runs, with devices from a launcher (`@uk/miou-solo5/target`). */
export interface NodeProgram {
  /**
   * The devices that it needs. It is run up to `run`, and prints on standard error meanwhile.
   *
   * @throws {BuildError} `MANIFEST`
   */
  manifest(): Promise<Manifest>;
  /** Writes the module into a folder, its source map inside; the module's path. */
  write(folder: string): Promise<string>;
}

/**
 * Bundles a program for Node.
 *
 * @param entry - as for `build`
 * @throws {BuildError} `ENTRY`, `BUNDLE`
 */
export async function bundleForNode(entry: string | URL): Promise<NodeProgram> {
  const input = inputOf(findEntry(entry));
  return programOf(input, await bundle(input));
}

/**
 * Bundles a program for Node, now and whenever one of its sources changes.
 *
 * @param entry - as for `build`
 * @param onProgram - gets each program that differs from the one before, or what is wrong with the sources
 * @returns a function that ends it
 * @throws {BuildError} `ENTRY`
 */
export async function watchForNode(
  entry: string | URL,
  onProgram: (made: NodeProgram | BuildError) => void,
): Promise<() => Promise<void>> {
  const input = inputOf(findEntry(entry));
  return watchBundle(input, (made) => onProgram(made instanceof Error ? made : programOf(input, made)));
}

function inputOf({ path, name }: Entry): BundleInput {
  return { entry: path, file: `${name}.js`, world: "dev", cwd: resolve(".") };
}

function programOf({ entry, cwd }: BundleInput, made: Bundle): NodeProgram {
  return {
    manifest: () => inferManifest(made, { program: entry, cwd, stdio: "inherit", signal: undefined }),
    write: (folder) => writeProgram(folder, made, cwd),
  };
}
