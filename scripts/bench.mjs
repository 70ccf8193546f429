// All benchmarks, one after the other, or those named: `npm run bench -- boot`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, fail, root, run, say } from "./lib/workspace.mjs";

const all = readdirSync(join(root, "bench"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, "bench", entry.name, "main.mjs")))
  .map(({ name }) => name);
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !all.includes(name));
if (unknown !== undefined)
  fail(`bench: there is no ${JSON.stringify(unknown)}: it is one of ${all.join(", ")}`);

ensureBuilt();
for (const name of wanted.length > 0 ? wanted : all) {
  say(`bench/${name}`);
  run(process.execPath, [join(root, "bench", name, "main.mjs")]);
}
