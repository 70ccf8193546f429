import { execFileSync, spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import type { Content } from "./archive.ts";

/** Absolute path of a program of this machine. */
export function programPath(name: string): string {
  return realpathSync(execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim());
}

/** The shared libraries a program needs, where it looks for them; none for a static one. */
export function librariesOf(program: string): Map<string, Content> {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  const missing = /^\s*(\S+) => not found$/m.exec(stdout)?.[1];
  if (missing !== undefined) throw new Error(`${program} needs ${missing}, which this machine does not have`);
  const paths = [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
  return new Map(paths.map((path) => [path.slice(1), { file: path }]));
}
