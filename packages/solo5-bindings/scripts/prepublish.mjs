// Before a release: puts the addon and the version into npm/linux-x64-gnu, and names that package as an
// optional dependency of this one. A workspace has neither: `npm ci` needs no package that is not
// published yet. The folder to prepare is this package, or the one that is named.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PLATFORM = "linux-x64-gnu";

const folder = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const platform = join(folder, "npm", PLATFORM);
const addon = `solo5-bindings.${PLATFORM}.node`;

try {
  copyFileSync(join(folder, "dist", addon), join(platform, addon));
} catch (error) {
  console.error(`solo5-bindings: ${error.message}: run \`npm run build\` first`);
  process.exit(1);
}
const main = edit(join(folder, "package.json"), (json) => json);
const { name } = edit(join(platform, "package.json"), (json) => ({ ...json, version: main.version }));
edit(join(folder, "package.json"), (json) => ({
  ...json,
  optionalDependencies: { ...json.optionalDependencies, [name]: main.version },
}));

/** Rewrites a JSON file; what it holds now. */
function edit(path, change) {
  const json = change(JSON.parse(readFileSync(path, "utf8")));
  writeFileSync(path, `${JSON.stringify(json, null, 2)}\n`);
  return json;
}
