import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { systemReason } from "@uk/manifest/node";
import { BuildError } from "./build-error.ts";

/**
 * Writes files into a folder, all or nothing as far as a file system allows: under temporary names
 * first, then renamed one after the other. Whoever else may write there cannot guess these names, and
 * nothing that is there is opened, or followed if it is a link.
 *
 * @param files - content by file name
 * @param cwd - folder that a relative `folder` starts from
 * @throws {BuildError} `WRITE`: the folder or a file in it cannot be written; nothing is left behind then
 */
export async function writeOutputs(
  folder: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  cwd = ".",
): Promise<void> {
  const target = resolve(cwd, folder);
  const written: { readonly path: string; readonly name: string }[] = [];
  try {
    await makeFolder(target);
    for (const [name, content] of files) {
      const path = join(target, `.uk-${randomUUID()}.tmp`);
      const file = await open(path, "wx");
      written.push({ path, name });
      await file.writeFile(content).finally(() => file.close());
    }
    for (const { path, name } of written) await rename(path, join(target, name));
  } catch (cause) {
    await Promise.allSettled(written.map(({ path }) => rm(path, { force: true })));
    throw new BuildError("WRITE", `${folder}: cannot write the build's output: ${systemReason(cause)}`, {
      cause,
    });
  }
}

/** As `mkdir` with `recursive`, which never returns where a file system refuses with ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    return mkdir(path, { recursive: true });
  });
}
