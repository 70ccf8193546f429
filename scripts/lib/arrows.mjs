// Imports point one way. ARCHITECTURE.md draws the arrows; what manifests and imports say must be the same graph.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { complain, filesOf } from "./files.mjs";
import { root } from "./workspace.mjs";

/** Complains about each arrow that is drawn and not there, there and not drawn, or wrong; how many. */
export function checkArrows() {
  const drawn = readArrows(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
  const packages = filesOf(/^packages\/[^/]+\/package\.json$/).map(({ path, text }) => ({
    path,
    ...JSON.parse(text),
  }));
  const crates = filesOf(/^(crates|packages)\/(?!.*\/fuzz\/).*Cargo\.toml$/).map(({ path, text }) => ({
    path,
    ...crateOf(text),
  }));
  return complain([
    ...wrongArrows(drawn, [...packages, ...crates]),
    ...packages.flatMap((each) =>
      sources(dirname(each.path)).flatMap((file) => [...wrongImports(each, drawn, file)]),
    ),
    ...scriptArrows(),
  ]);
}

/**
 * The lines of the first block below the heading `Arrows`: `name -> name name`, or a name alone. A name with `*` behind
 * it is a package whose sources run in guests and browsers.
 */
export function readArrows(architecture) {
  const [, block = ""] = /^## Arrows\n[\s\S]*?^```\w*\n([\s\S]*?)^```/m.exec(architecture) ?? [];
  const drawn = new Map();
  for (const line of block.split("\n").filter((each) => each !== "")) {
    const [, name, portable, to = ""] = /^(\S+?)(\*?)(?: +-> +(.*))?$/.exec(line) ?? [];
    drawn.set(name, { to: new Set(to.split(" ").filter(Boolean)), portable: portable === "*" });
  }
  return drawn;
}

/** Name and dependencies of a crate, as package.json has them; tests and build scripts aside. */
export function crateOf(manifest) {
  const [, name] = /^name = "([^"]+)"/m.exec(manifest) ?? [];
  const dependencies = {};
  for (const [, title, section] of manifest.matchAll(/^\[(.+)\]\n([\s\S]*?)(?=^\[|(?![\s\S]))/gm)) {
    const [, own, one] = /^(?:target\..*\.)?(dependencies)(?:\.([\w-]+))?$/.exec(title) ?? [];
    if (one !== undefined) dependencies[one] = "";
    else if (own !== undefined)
      for (const [, crate] of section.matchAll(/^([\w-]+)(?:\.workspace)? = /gm)) dependencies[crate] = "";
  }
  return { name, dependencies };
}

/** How the graph of these manifests and the drawn one differ. */
export function* wrongArrows(drawn, manifests) {
  const names = new Set(manifests.map(({ name }) => name));
  for (const { path, name, dependencies = {} } of manifests) {
    const to = drawn.get(name)?.to;
    if (to === undefined) yield `${path}: ${name} is not among the arrows of ARCHITECTURE.md`;
    const real = Object.keys(dependencies).filter((other) => names.has(other));
    for (const other of real)
      if (to?.has(other) === false) yield `${path}: ${name} must not depend on ${other}: no arrow is drawn`;
    for (const other of to ?? [])
      if (!real.includes(other)) yield `ARCHITECTURE.md: an arrow ${name} -> ${other} is drawn and not there`;
  }
  for (const name of drawn.keys())
    if (!names.has(name)) yield `ARCHITECTURE.md: ${name} has arrows and is not there`;
}

/** Imports in a file of a package that its manifest, or where it runs, does not allow. Tests may import what they like. */
export function* wrongImports({ name, dependencies = {} }, drawn, { path, text }) {
  if (/\.(test|test-d)\.ts$|\/(tests|testing)\//.test(path)) return;
  for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g)) {
    const [scope, base] = specifier.split("/");
    if (scope === "@uk" && !(`${scope}/${base}` in dependencies) && `${scope}/${base}` !== name)
      yield `${path}: ${specifier} is not in the package's dependencies`;
    if (
      specifier.startsWith("node:") &&
      drawn.get(name)?.portable &&
      !/\/src\/(node|diagnostics)\//.test(path)
    )
      yield `${path}: ${name} runs in guests and browsers and must not import ${specifier}`;
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
  return filesOf(new RegExp(`^${folder}/(src|js)/.*\\.ts$`));
}
