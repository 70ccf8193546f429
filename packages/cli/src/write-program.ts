import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Bundle } from "./bundle.ts";

/** Writes a program for Node into `folder`, its source map inside; the path of the module. */
export async function writeProgram(folder: string, { code, map }: Bundle): Promise<string> {
  const file = join(folder, "program.mjs");
  const inline = Buffer.from(absoluteSources(map)).toString("base64");
  await writeFile(file, `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`);
  return file;
}

/** The map for a bundle that lies elsewhere than in the working directory. */
function absoluteSources(map: string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: string[] };
  return JSON.stringify({ ...rest, sources: sources.map((source) => pathToFileURL(source).href) });
}
