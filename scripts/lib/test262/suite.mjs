// A checkout of test262: which tests there are, what each says about itself, and what it takes to run one.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** What of the suite is run: the language and its built-ins. */
const FOLDERS = ["test/language", "test/built-ins"];

/** A directive, a semicolon, a newline: INTERPRETING.md. */
const USE_STRICT = Buffer.from('"use strict";\n');

/** Paths of all tests in the checkout, in order; the files that tests import are none. */
export function testsIn(folder) {
  return FOLDERS.filter((under) => existsSync(join(folder, under)))
    .flatMap((under) =>
      readdirSync(join(folder, under), { recursive: true }).map((path) => `${under}/${path}`),
    )
    .filter((path) => path.endsWith(".js") && !path.includes("_FIXTURE"))
    .sort();
}

/** The commit that is checked out; nothing if this is no repository of its own. */
export function revisionOf(folder) {
  if (!existsSync(join(folder, ".git"))) return undefined;
  const { stdout } = spawnSync("git", ["-C", folder, "rev-parse", "HEAD"], { encoding: "utf8" });
  return stdout?.trim() || undefined;
}

/** A test and what it says about itself. */
export function readTest(folder, path) {
  const source = readFileSync(join(folder, path));
  const [, matter] = /\/\*---([\s\S]*?)---\*\//.exec(source.toString()) ?? [];
  const text = (matter ?? "").replaceAll(/\r\n?/g, "\n");
  const [, negative = ""] = /^negative: *\n((?: .*\n?)+)/m.exec(text) ?? [];
  const [phase, type] = ["phase", "type"].map(
    (key) => new RegExp(`^ +${key}: *(\\w+)`, "m").exec(negative)?.[1],
  );
  return {
    path,
    source,
    flags: new Set(list(text, "flags")),
    features: list(text, "features"),
    includes: list(text, "includes"),
    negative: phase === undefined ? undefined : { phase, type },
  };
}

/** A list of the front matter, which YAML can write in two ways. */
function list(matter, key) {
  const [, flow, block] =
    new RegExp(`^${key}: *(?:\\[([^\\]]*)\\]|((?:\\n +- .*)+))`, "m").exec(matter) ?? [];
  return (flow?.split(",") ?? block?.split("\n").map((line) => line.replace(/^ *- /, "")) ?? [])
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** In which ways a test is run; as a module and as it is, it is run once. */
export function variantsOf({ flags }) {
  if (flags.has("module")) return ["module"];
  if (flags.has("raw")) return ["raw"];
  return ["sloppy", "strict"].filter(
    (variant) => !flags.has(variant === "strict" ? "noStrict" : "onlyStrict"),
  );
}

/** What one run takes, as packages/runtime/test262/src/lib.rs reads it. */
export function runOf(folder, test, variant) {
  const { path, source, flags, includes } = test;
  const harness = flags.has("async") ? ["doneprintHandle.js", ...includes] : includes;
  const scripts = variant === "raw" ? [] : ["assert.js", "sta.js", ...harness];
  return Buffer.concat([
    ...scripts.map((name) => harnessFile(folder, name)),
    ...[...importsOf(folder, test)].map(([name, text]) => file("i", name, text)),
    ...(flags.has("async") ? [file("a", "", Buffer.alloc(0))] : []),
    file(
      variant === "module" ? "m" : "s",
      path,
      variant === "strict" ? Buffer.concat([USE_STRICT, source]) : source,
    ),
    Buffer.from("e"),
  ]);
}

const harnessFiles = new Map();

function harnessFile(folder, name) {
  let known = harnessFiles.get(name);
  if (known === undefined) {
    known = file("h", `harness/${name}`, readFileSync(join(folder, "harness", name)));
    harnessFiles.set(name, known);
  }
  return known;
}

/** Whatever a test and what it imports might name as a module, and exists, by path. */
function importsOf(folder, { path, source, flags }) {
  const found = new Map();
  if (!flags.has("module") && !source.includes("import")) return found;
  const visit = (from, text) => {
    for (const [, specifier] of text.toString().matchAll(/["'](\.{1,2}\/[^"'\n]+)["']/g)) {
      const name = normalize(join(dirname(from), specifier));
      if (found.has(name) || name.startsWith("..") || !existsSync(join(folder, name))) continue;
      const imported = readFileSync(join(folder, name));
      found.set(name, imported);
      visit(name, imported);
    }
  };
  visit(path, source);
  return found;
}

function file(kind, name, text) {
  const sizes = Buffer.alloc(9);
  sizes.write(kind);
  sizes.writeUInt32LE(Buffer.byteLength(name), 1);
  sizes.writeUInt32LE(text.length, 5);
  return Buffer.concat([sizes, Buffer.from(`${name}\0`), text, Buffer.alloc(1)]);
}
