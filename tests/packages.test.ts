// The packages as others get them: what `npm pack` makes of each, checked, installed, compiled against and bundled.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "./support/uk.ts";
import { emptyFolder, root } from "./support/workspace.ts";

/** What `npm pack` says of a tarball. */
interface Packed {
  readonly filename: string;
}

/** A path, or paths by condition. */
type Target = string | Readonly<Record<string, string>>;

interface PackageJson {
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Target>>;
  readonly imports?: Readonly<Record<string, Target>>;
}

const folder = emptyFolder();
const names = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json")),
);
const tarball = (name: string): string => join(folder, `uk-${name}-0.0.0.tgz`);
/** Where the tarballs are unpacked, side by side as npm lays packages out. */
const unpacked = (name: string): string => join(folder, "unpacked/node_modules/@uk", name);
const manifestOf = (name: string): PackageJson =>
  JSON.parse(readFileSync(join(unpacked(name), "package.json"), "utf8"));
const filesOf = (name: string): string[] =>
  readdirSync(unpacked(name), { recursive: true, encoding: "utf8" }).sort();

/** Packs folders; the paths of their tarballs. */
function pack(folders: readonly string[]): string[] {
  const words = ["pack", ...folders, "--json", "--ignore-scripts", `--pack-destination=${folder}`];
  const packed = JSON.parse(execFileSync("npm", words, { encoding: "utf8", stdio: "pipe" })) as Packed[];
  return packed.map(({ filename }) => join(folder, filename));
}

beforeAll(() => {
  pack(names.map((name) => join(root, "packages", name)));
  for (const name of names) {
    mkdirSync(unpacked(name), { recursive: true });
    execFileSync("tar", ["-xzf", tarball(name), "-C", unpacked(name), "--strip-components=1"]);
  }
});

describe.each(names)("the tarball of @uk/%s", (name) => {
  it("is what publint asks for", async () => {
    const { messages, pkg } = await publint({
      pack: { tarball: new Uint8Array(readFileSync(tarball(name))).buffer },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it("has the right types at every entry of JavaScript", async () => {
    const entrypoints = Object.entries(manifestOf(name).exports ?? {}).flatMap(([entry, target]) =>
      typeof target === "string" ? [] : [entry],
    );
    const packed = createPackageFromTarballData(readFileSync(tarball(name)));
    const { problems = [] } = (await checkPackage(packed, { entrypoints })) as { problems?: Problem[] };
    expect(problems.filter((problem) => !isOfEsmOnly(problem))).toEqual([]);
  });

  it("has a licence, a README, every module that another imports, and every source that a map names", () => {
    const files = filesOf(name);
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    const licence = (folder: string) => readFileSync(join(folder, "LICENSE"), "utf8");
    expect(licence(unpacked(name))).toBe(licence(root));
    expect(files.filter((file) => /(\.test(-d)?\.ts|\btesting|\bfixtures)$/.test(file))).toEqual([]);
    const modules = modulesOf(name);
    expect(modules.filter((path) => !existsSync(path))).toEqual([]);
    for (const map of modules.map((path) => `${path}.map`).filter(existsSync)) {
      const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
      expect(
        sources.filter((source) => !existsSync(resolve(dirname(map), source))),
        map,
      ).toEqual([]);
    }
  });
});

/** What is reached from a package's entries; dist may have chunks of an older build, too. */
function modulesOf(name: string): string[] {
  const { exports = {}, imports = {}, bin = {} } = manifestOf(name);
  const targets = [exports, imports, bin].flatMap((entries) => Object.values<Target>(entries));
  const entries = targets.flatMap((target) => (typeof target === "string" ? target : Object.values(target)));
  const found = new Set(
    entries.filter((path) => /\.m?js$/.test(path)).map((path) => join(unpacked(name), path)),
  );
  for (const path of found) {
    if (!existsSync(path)) continue;
    for (const [, to = ""] of readFileSync(path, "utf8").matchAll(/["'](\.\.?\/[\w./-]+\.js)["']/g))
      found.add(resolve(dirname(path), to));
  }
  return [...found];
}

/** What `attw` finds, as far as it is told apart here. */
interface Problem {
  readonly kind: string;
  readonly resolutionKind?: string;
}

/**
 * What the profile `esm-only` of `attw` leaves out: packages are ESM only, for Node 20.19 and later, which can `require`
 * that; and `moduleResolution: node10` knows no `exports`.
 */
function isOfEsmOnly({ kind, resolutionKind }: Problem): boolean {
  return resolutionKind === "node10" || (resolutionKind === "node16-cjs" && kind === "CJSResolvesToESM");
}

/** Packages for Node, browsers and guests, in the order in which they depend on each other. */
const portable = ["manifest", "image"];
/** What one may import of a package where there is no Node. */
const portableEntries = (name: string): string[] =>
  Object.entries(manifestOf(name).exports ?? {}).flatMap(([entry, target]) =>
    typeof target === "string" || entry === "./node" ? [] : [entry.replace(".", `@uk/${name}`)],
  );

describe("@uk/manifest and @uk/image, installed from their tarballs without a registry", () => {
  const app = join(folder, "app");
  const inApp = (command: string, ...words: string[]) => execute(command, words, { cwd: app });

  let foreign: string[] = [];

  beforeAll(() => {
    const dependencies = portable.flatMap((name) => Object.keys(manifestOf(name).dependencies ?? {}));
    foreign = dependencies.filter((name) => !name.startsWith("@uk/"));
    const tarballs =
      foreign.length === 0 ? [] : pack(foreign.map((name) => join(root, "node_modules", name)));
    mkdirSync(app);
    writeFileSync(join(app, "package.json"), '{ "type": "module" }');
    const words = ["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error"];
    const all = [...portable.map(tarball), ...tarballs];
    execFileSync("npm", [...words, `--cache=${join(folder, "cache")}`, ...all], { cwd: app, stdio: "pipe" });
  });

  it("bring nothing but what they name, which is nothing for @uk/manifest", () => {
    expect(manifestOf("manifest").dependencies).toBeUndefined();
    const lock = JSON.parse(readFileSync(join(app, "package-lock.json"), "utf8"));
    const installed = Object.keys(lock.packages).filter((path) => path !== "");
    const expected = [...portable.map((name) => `@uk/${name}`), ...foreign];
    expect(installed.sort()).toEqual(expected.map((name) => `node_modules/${name}`).sort());
  });

  it.each(portable)("%s can be imported by every path it exports, and required", async (name) => {
    const lines = Object.entries(manifestOf(name).exports ?? {}).map(([entry, target]) => {
      const path = JSON.stringify(entry.replace(".", `@uk/${name}`));
      if (typeof target !== "string") return `require(${path}); await import(${path});`;
      return target.endsWith(".json")
        ? `await import(${path}, { with: { type: "json" } });`
        : `readFileSync(require.resolve(${path}));`;
    });
    writeFileSync(
      join(app, "imports.mjs"),
      `import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
${lines.join("\n")}\n`,
    );
    const quiet = ["--disable-warning=ExperimentalWarning", "imports.mjs"];
    expect(await inApp(process.execPath, ...quiet)).toMatchObject({ status: 0, stderr: "" });
  });

  it("have commands that run", async () => {
    for (const command of portable.flatMap((name) => Object.keys(manifestOf(name).bin ?? {}))) {
      const ran = await inApp(join(app, "node_modules/.bin", command), "--version");
      expect(ran.stdout + ran.stderr, command).toContain("0.0.0");
    }
  });

  it.each([
    { resolution: "NodeNext", module: "NodeNext" },
    { resolution: "Bundler", module: "ESNext" },
  ])("have types that need no more than the language, with $resolution", async ({ resolution, module }) => {
    const config = `tsconfig.${resolution}.json`;
    const entries = portable.flatMap(portableEntries);
    writeFileSync(
      join(app, "types.ts"),
      `${entries.map((entry, at) => `import * as entry${at} from "${entry}";`).join("\n")}
import { type Manifest, parse, toC } from "@uk/manifest";
export const c: string = toC(parse("") satisfies Manifest);
export const all: readonly object[] = [${entries.map((_, at) => `entry${at}`)}];\n`,
    );
    writeFileSync(
      join(app, config),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution: resolution,
          target: "ES2022",
          lib: ["ES2022"],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
        },
        files: ["types.ts"],
      }),
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    expect(await inApp(process.execPath, tsc, "-p", config)).toMatchObject({ status: 0, stdout: "" });
  });

  it("bundle for browsers, where there is nothing of Node", async () => {
    const entries = portable.flatMap(portableEntries);
    const { outputFiles } = await build({
      stdin: {
        contents: entries.map((entry, at) => `export * as entry${at} from "${entry}";`).join("\n"),
        resolveDir: app,
      },
      bundle: true,
      platform: "browser",
      format: "esm",
      write: false,
      logLevel: "silent",
    });
    const [{ text } = { text: "" }] = outputFiles;
    expect(text.length).toBeGreaterThan(10_000);
    expect(text).not.toMatch(/^import\b|\brequire\(/m);
  });
});
