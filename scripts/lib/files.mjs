// The files of the house, as checks read them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.mjs";

/** Files whose text nobody of the house wrote, or that are to be wrong. */
const FOREIGN =
  /(^|\/)(fixtures|generated|test262\/suite)\/|\.snap$|package-lock\.json$|^tests\/lint\.test\.ts$/;

/** `{ path, text }` of each file whose path matches, in git or new, relative to the root. */
export function filesOf(pattern) {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = spawnSync("git", list, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const paths = new Set(stdout.split("\n"));
  return [...paths]
    .filter((path) => pattern.test(path) && !FOREIGN.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** Prints complaints; how many there are. */
export function complain(lines) {
  const list = [...lines];
  for (const line of list) console.error(line);
  return list.length;
}
