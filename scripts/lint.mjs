// Everything that can fail without running the code: format, lint, types, which way imports point, what is cited.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkArrows } from "./lib/arrows.mjs";
import { checkCitations } from "./lib/citations.mjs";
import { checkUnsafe } from "./lib/unsafe.mjs";
import { ensureBuilt, fail, npx, root, run, say } from "./lib/workspace.mjs";

ensureBuilt();
const folders = ["packages", "bench"].flatMap((parent) =>
  existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => join(parent, name)) : [],
);
const projects = [...folders, "tests"].filter((folder) => existsSync(join(root, folder, "tsconfig.json")));
const steps = [
  ["arrows", () => checkArrows()],
  ["unsafe code", () => checkUnsafe()],
  ["citations", () => checkCitations()],
  ["changesets", () => readChangesets()],
  ["biome", () => npx("biome", ["check", "--error-on-warnings", "."], { allowFailure: true })],
  ...projects.map((folder) => [`tsc ${folder}`, () => npx("tsc", ["-p", folder], { allowFailure: true })]),
  ["cargo fmt", () => run("cargo", ["fmt", "--all", "--check"], { allowFailure: true })],
  ["cargo clippy", () => clippy(["--workspace", "--all-targets"])],
  ...["hvt", "spt,test262"].map((features) => [
    `cargo clippy (base image, ${features})`,
    () => clippy(["--package", "guest-base", "--features", features]),
  ]),
];
const failed = [];
for (const [name, step] of steps) {
  say(name);
  if ((await step()) !== 0) failed.push(name);
}
if (failed.length > 0) fail(`lint failed: ${failed.join(", ")}`);
say("lint is clean");

/** As a release reads them: front matter, and packages that exist. */
async function readChangesets() {
  const { default: getReleasePlan } = await import("@changesets/get-release-plan");
  try {
    await getReleasePlan(root);
    return 0;
  } catch (error) {
    console.error(error.message);
    return 1;
  }
}

function clippy(what) {
  const args = ["clippy", ...what, "--locked", "--quiet", "--", "-D", "warnings"];
  return run("cargo", args, { allowFailure: true });
}
