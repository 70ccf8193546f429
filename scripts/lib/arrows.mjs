// Imports point one way (ARCHITECTURE.md): what a package may import of the house, and nothing else.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./workspace.mjs";

/** Packages of the house that each package may import. */
const MAY_IMPORT = {
  "@uk/miou": [],
  "@uk/manifest": [],
  "@uk/miou-solo5": ["@uk/miou"],
  "@uk/image": ["@uk/manifest"],
  "@uk/runtime": [],
  "@uk/solo5-bindings": ["@uk/miou", "@uk/miou-solo5"],
  "@uk/tender": [],
  "@uk/tender-hvt": ["@uk/tender"],
  "@uk/tender-spt": ["@uk/tender"],
  "@uk/cli": [
    "@uk/image",
    "@uk/manifest",
    "@uk/miou",
    "@uk/miou-solo5",
    "@uk/runtime",
    "@uk/solo5-bindings",
    "@uk/tender",
    "@uk/tender-spt",
    "@uk/tender-hvt",
  ],
};

/** Packages whose sources may not import `node:` modules (tests apart): they run in guests and browsers. */
const PORTABLE = ["@uk/miou", "@uk/manifest", "@uk/miou-solo5", "@uk/image"];

/** Crates of the house that each crate may use. */
const MAY_USE = {
  "solo5-abi": [],
  "solo5-elf": ["solo5-abi"],
  "test-image": ["solo5-abi"],
  "tender-core": ["solo5-abi", "solo5-elf"],
  "solo5-bindings": ["solo5-abi", "solo5-elf", "tender-core"],
  "tender-hvt": ["solo5-abi", "solo5-elf", "tender-core"],
  "tender-spt": ["solo5-abi", "solo5-elf", "tender-core"],
  "guest-bindings": ["solo5-abi"],
  "guest-engine": [],
  "guest-quickjs": ["guest-engine"],
  "guest-test262": ["guest-quickjs"],
  "uk-compile": ["guest-engine", "guest-quickjs"],
  guest: ["solo5-abi", "guest-engine", "guest-quickjs", "guest-test262"],
  "guest-base": ["guest", "guest-bindings"],
};

/** Complains about each arrow that points the wrong way; 0 if there is none. */
export function checkArrows() {
  const wrong = [...packageArrows(), ...scriptArrows(), ...crateArrows()];
  for (const line of wrong) console.error(line);
  return wrong.length;
}

function* packageArrows() {
  for (const folder of readdirSync(join(root, "packages"))) {
    const manifest = join(root, "packages", folder, "package.json");
    if (!existsSync(manifest)) continue; // what a package left that is gone
    const { name, dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
    const allowed = MAY_IMPORT[name];
    if (allowed === undefined) {
      yield `${relative(root, manifest)}: ${name} is not in scripts/lib/arrows.mjs`;
      continue;
    }
    for (const dependency of Object.keys(dependencies))
      if (dependency.startsWith("@uk/") && !allowed.includes(dependency))
        yield `${relative(root, manifest)}: ${name} must not depend on ${dependency}`;
    for (const file of sources(join(root, "packages", folder)))
      yield* importArrows(name, allowed, dependencies, file);
  }
}

function* importArrows(name, allowed, dependencies, file) {
  const text = readFileSync(file, "utf8");
  const where = relative(root, file);
  for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g)) {
    const isTest = /\.(test|test-d)\.ts$|\/(tests|testing)\//.test(file);
    if (
      specifier.startsWith("@uk/") &&
      !allowed.some((other) => specifier === other || specifier.startsWith(`${other}/`))
    ) {
      if (!isTest) yield `${where}: ${name} must not import ${specifier}`;
    } else if (
      specifier.startsWith("@uk/") &&
      !Object.keys(dependencies).some((d) => specifier.startsWith(d)) &&
      !isTest
    ) {
      yield `${where}: ${specifier} is not in the package's dependencies`;
    }
    if (
      specifier.startsWith("node:") &&
      PORTABLE.includes(name) &&
      !isTest &&
      !/\/src\/(node|diagnostics)\//.test(file)
    )
      yield `${where}: ${name} runs in guests and browsers and must not import ${specifier}`;
  }
}

/** What a script starts with cannot be an npm package: the script is what installs them. */
function* scriptArrows() {
  const start = /^(?:import|export)(?:\b[^"'()=;]*\bfrom)?\s*["']([^"']+)["']/gm;
  for (const path of readdirSync(join(root, "scripts"), { recursive: true })) {
    if (!path.endsWith(".mjs")) continue;
    const text = readFileSync(join(root, "scripts", path), "utf8");
    for (const [, specifier] of text.matchAll(start))
      if (!/^(node:|\.)/.test(specifier))
        yield `scripts/${path}: ${specifier} is not there before ensureBuilt() has run: import() it after that`;
  }
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((path) => /^(src|js)\/.*\.ts$/.test(path))
    .map((path) => join(folder, path));
}

function* crateArrows() {
  const manifests = [
    ...readdirSync(join(root, "crates")).map((name) => join(root, "crates", name, "Cargo.toml")),
    ...[
      ...["base", "bindings", "compiler", "engine", "guest", "quickjs", "test262"].map(
        (room) => `runtime/${room}`,
      ),
      ...["solo5-bindings", "tender-hvt", "tender-spt"],
    ].map((name) => join(root, "packages", name, "Cargo.toml")),
  ];
  for (const manifest of manifests.filter(existsSync)) {
    const text = readFileSync(manifest, "utf8");
    const name = /^name = "([^"]+)"/m.exec(text)?.[1] ?? "";
    const allowed = MAY_USE[name];
    const section = /^\[dependencies\]\n([\s\S]*?)(?=^\[|$(?![\s\S]))/m.exec(text)?.[1] ?? "";
    for (const [, crate] of section.matchAll(/^([\w-]+)(?:\.workspace)? = /gm)) {
      if (!(crate in MAY_USE)) continue;
      if (allowed === undefined || !allowed.includes(crate))
        yield `${relative(root, manifest)}: ${name} must not use ${crate}`;
    }
  }
}
