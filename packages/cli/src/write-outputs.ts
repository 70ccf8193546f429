import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliError, systemReason } from "./error.ts";

/**
 * Writes files into a folder, all or nothing as far as a file system allows: under temporary names
 * first, then renamed one after the other.
 *
 * @param files - content by file name
 * @throws {CliError} the folder or a file in it cannot be written; nothing is left behind then
 */
export async function writeOutputs(
  folder: string,
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<void> {
  const temporary = new Map(
    [...files.keys()].map((name) => [name, join(folder, `.${name}.${process.pid}.tmp`)]),
  );
  try {
    await makeFolder(folder);
    for (const [name, content] of files) await writeFile(temporary.get(name) as string, content);
    for (const [name, path] of temporary) await rename(path, join(folder, name));
  } catch (error) {
    await Promise.allSettled([...temporary.values()].map((path) => rm(path, { force: true })));
    throw new CliError(`${folder}: cannot write the build's output: ${systemReason(error)}`);
  }
}

/** As `mkdir` with `recursive`, which never returns where a file system refuses with ENOENT, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    return mkdir(path, { recursive: true });
  });
}
