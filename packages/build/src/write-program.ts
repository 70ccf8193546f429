import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Bundle } from "./bundle.ts";

/**
 * Writes a program for Node into `folder`, its source map inside; the path of the module.
 *
 * @param cwd - absolute path of the folder that names of sources start from
 */
export async function writeProgram(folder: string, { code, map }: Bundle, cwd: string): Promise<string> {
  const file = join(folder, "program.mjs");
  const inline = Buffer.from(absoluteSources(map, cwd)).toString("base64");
  await writeFile(file, `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`);
  return file;
}

/** The map for a bundle that lies elsewhere than where its sources start from. */
function absoluteSources(map: string, cwd: string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: string[] };
  return JSON.stringify({
    ...rest,
    sources: sources.map((source) => pathToFileURL(resolve(cwd, source)).href),
  });
}
