import { dirname, join, resolve } from "node:path";
import type { Part } from "@uk/image";
import { FileError, readRegularFile } from "@uk/manifest/node";
import { uuidOf } from "./uuid.ts";

/** What a bill of materials is of. */
export interface SbomInput {
  /** Name of the output. */
  readonly name: string;
  /** Absolute path of the first module. */
  readonly entry: string;
  /** Paths of the modules in the bundle, as esbuild has them: relative to `cwd`. */
  readonly modules: readonly string[];
  /** Absolute path of the folder that names of sources start from. */
  readonly cwd: string;
  /** Engine and guest of the base image. */
  readonly engine: readonly Part[];
}

/** What a package.json says. */
interface NpmPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly license: string | undefined;
}

/** A component as CycloneDX 1.6 has it. */
interface Component {
  readonly type: "application" | "library" | "framework";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly licenses?: readonly (
    | { readonly expression: string }
    | { readonly license: { readonly name: string } }
  )[];
  readonly purl?: string;
}

/**
 * What is in an image, as a CycloneDX 1.6 document: the program, each npm package that gave a module to the bundle, the
 * engine and the guest. Of the same packages, the same text: it has no time, and its serial number is of its content.
 *
 * @returns JSON text with a line end behind it
 */
export function sbomOf({ name, entry, modules, cwd, engine }: SbomInput): string {
  const find = packageFinder();
  const own = find(dirname(entry));
  const packages = modules
    .filter((path) => !VIRTUAL.test(path))
    .map((path) => find(dirname(resolve(cwd, path))))
    .filter((one) => one !== undefined && one.folder !== own?.folder);
  const components = [
    ...engine.map(partComponent),
    ...packages.map((one) => npmComponent(one as NpmPackage)),
  ];
  const byRef = new Map(components.map((component) => [component["bom-ref"], component]));
  const program: Component = {
    type: "application",
    "bom-ref": "program",
    name,
    ...(own?.version === undefined ? {} : { version: own.version }),
    ...licensesOf(own?.license),
  };
  const content = {
    metadata: { component: program },
    components: [...byRef.values()].sort((a, b) => (a["bom-ref"] < b["bom-ref"] ? -1 : 1)),
  };
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A module that a plugin made, or that esbuild left out: `(disabled):fs`. */
const VIRTUAL = /^[\w().-]+:/;

/** More folders than any path has names. */
const LEVELS_MAX = 64;

/** Finds the package that a folder is in: the nearest package.json that has a name. Each folder is looked into once. */
function packageFinder(): (folder: string) => NpmPackage | undefined {
  const known = new Map<string, NpmPackage | undefined>();
  const find = (folder: string, level = 0): NpmPackage | undefined => {
    if (known.has(folder) || level === LEVELS_MAX) return known.get(folder);
    const parent = dirname(folder);
    const found = packageIn(folder) ?? (parent === folder ? undefined : find(parent, level + 1));
    known.set(folder, found);
    return found;
  };
  return (folder) => find(folder);
}

function packageIn(folder: string): NpmPackage | undefined {
  try {
    const text = Buffer.from(readRegularFile(join(folder, "package.json"), "the package")).toString();
    const { name, version, license, licenses } = JSON.parse(text) as Record<string, unknown>;
    const named = said(name);
    if (named === undefined) return undefined;
    return { folder, name: named, version: said(version), license: licenseOf(license ?? licenses) };
  } catch (error) {
    // There is none, or none that anybody reads; a bundler has said what of it matters.
    if (error instanceof FileError || error instanceof SyntaxError || error instanceof TypeError)
      return undefined;
    throw error;
  }
}

/** Text, without halves of surrogate pairs, which no URL and no UTF-8 has. */
function said(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? Buffer.from(value).toString() : undefined;
}

/** As npm has it now, and as it had it once: `{ type, url }`, or a list of licences to choose from. */
function licenseOf(value: unknown): string | undefined {
  const names = [value]
    .flat()
    .map((one) => said(one) ?? said((one as { readonly type?: unknown } | null)?.type))
    .filter((name) => name !== undefined);
  return names.length > 1 ? `(${names.join(" OR ")})` : names[0];
}

function npmComponent({ name, version, license }: NpmPackage): Component {
  const purl = `pkg:npm/${name.split("/").map(encodeURIComponent).join("/")}`;
  return component(
    "library",
    name,
    version,
    license,
    version === undefined ? purl : `${purl}@${encodeURIComponent(version)}`,
  );
}

/** Where parts of a base image come from, and their licences; see NOTICE of @uk/runtime for the whole text. */
function partComponent({ name, version }: Part): Component {
  return name === "quickjs-ng"
    ? component(
        "framework",
        name,
        version,
        "MIT",
        `pkg:github/quickjs-ng/quickjs@v${encodeURIComponent(version)}`,
      )
    : npmComponent({ folder: "", name, version, license: "ISC" });
}

function component(
  type: Component["type"],
  fullName: string,
  version: string | undefined,
  license: string | undefined,
  purl: string,
): Component {
  const [, group, name = fullName] = /^(@[^/]+)\/(.+)$/.exec(fullName) ?? [];
  return {
    type,
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name,
    ...(version === undefined ? {} : { version }),
    ...licensesOf(license),
    purl,
  };
}

/** An SPDX expression, by its form: identifiers, operators and brackets. npm's `UNLICENSED` is the word for none. */
const EXPRESSION = /^(?!UNLICENSED$)\(*[A-Za-z0-9.+-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*$/;

function licensesOf(license: string | undefined): Pick<Component, "licenses"> {
  if (license === undefined) return {};
  return { licenses: [EXPRESSION.test(license) ? { expression: license } : { license: { name: license } }] };
}
