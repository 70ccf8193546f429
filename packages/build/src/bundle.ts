import { basename, relative } from "node:path";
import { visibleName, whyNotReadable } from "@uk/manifest/node";
import type { BuildFailure, BuildOptions, BuildResult, Message, OutputFile, Plugin } from "esbuild";
import { BuildError, type Place } from "./build-error.ts";
import { uuidOf } from "./uuid.ts";

/** One ES module that holds a whole program. */
export interface Bundle {
  readonly code: string;
  /** Source map, version 3, as JSON text; sources relative to the folder of the build. */
  readonly map: string;
  /** Its debug id (ECMA-426), which is of its content, but for the names of sources: a UUID in lower case. */
  readonly debugId: string;
  /** Paths of all modules that went in. */
  readonly inputs: readonly string[];
  /** Paths of those of which something is in the code. */
  readonly modules: readonly string[];
}

/** Where a bundle is to run: in an image; on this host, for a build that asks for the devices; on Node, under `uk dev`. */
export type World = "guest" | "manifest" | "dev";

/** What becomes a bundle. */
export interface BundleInput {
  /** Absolute path of the first module. */
  readonly entry: string;
  /** Name of the module in stack traces and in the map. */
  readonly file: string;
  readonly world: World;
  /** Absolute path of the folder that names of sources start from. */
  readonly cwd: string;
}

const GUEST_CONDITIONS = ["solo5", "worker", "browser", "import"];

/** Native modules of the base image; a program that imports one itself has no devices to be asked for. */
const GUEST_MODULES = ["uk:*"];

/** What packages ask for to leave out what helps to develop, which an image is not for. `uk dev` has Node's own. */
const PRODUCTION = { "process.env.NODE_ENV": '"production"' };

/** Lets bundled CommonJS modules load Node's own on the host. */
const HOST_REQUIRE =
  'import { createRequire as __ukRequire } from "node:module"; const require = __ukRequire(import.meta.url);';

/**
 * Bundles a program into one ES module.
 *
 * @throws {BuildError} `BUNDLE`, with a code frame for each error in the sources; `TOOLCHAIN`
 */
export async function bundle(input: BundleInput): Promise<Bundle> {
  return bundleOf(await ask(({ build }) => build(optionsOf(input))), input.file);
}

/**
 * Bundles a program now and whenever one of its sources changes.
 *
 * @param onBundle - gets each bundle that differs from the one before, or what is wrong with the sources
 * @returns a function that ends it
 * @throws {BuildError} `TOOLCHAIN`
 */
export async function watchBundle(
  input: BundleInput,
  onBundle: (bundle: Bundle | BuildError) => void,
): Promise<() => Promise<void>> {
  let last: string | undefined;
  const tell: Plugin = {
    name: "tell",
    setup({ onEnd }) {
      onEnd(async (result) => {
        if (result.errors.length > 0) {
          last = undefined;
          return onBundle(await failureOf(result));
        }
        const made = bundleOf(result as Outputs, input.file);
        if (made.code !== last) onBundle(made);
        last = made.code;
      });
    },
  };
  const options = optionsOf(input);
  const watched = await ask(({ context }) => context({ ...options, plugins: [...options.plugins, tell] }));
  await watched.watch();
  return () => watched.dispose();
}

/** What esbuild makes; an error that is not of the sources is esbuild's own. */
async function ask<T>(work: (esbuild: typeof import("esbuild")) => Promise<T>): Promise<T> {
  try {
    return await work(await import("esbuild"));
  } catch (cause) {
    if (Array.isArray((cause as BuildFailure).errors)) throw await failureOf(cause as BuildFailure);
    const [why] = (cause as Error).message.split("\n", 1);
    throw new BuildError("TOOLCHAIN", `esbuild does not run: ${why}: install it again`, { cause });
  }
}

/** esbuild would wait for a pipe to be written, and read a device to an end that never comes. */
const regularFiles = (cwd: string): Plugin => ({
  name: "regular files",
  setup({ onLoad }) {
    onLoad({ filter: /(?:)/, namespace: "file" }, ({ path }) => {
      const why = whyNotReadable(path);
      return why === undefined
        ? undefined
        : { errors: [{ text: `${relative(cwd, path)}: cannot read the module: ${why}` }] };
    });
  },
});

type Outputs = Pick<BuildResult<{ write: false; metafile: true }>, "outputFiles" | "metafile">;

function optionsOf({ entry, file, world, cwd }: BundleInput) {
  const guest = world === "guest";
  return {
    absWorkingDir: cwd,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: guest ? "neutral" : "node",
    target: guest ? "es2024" : "node20",
    mainFields: ["module", "main"],
    conditions: guest ? GUEST_CONDITIONS : ["import"],
    external: GUEST_MODULES,
    define: world === "dev" ? {} : PRODUCTION,
    banner: guest ? {} : { js: HOST_REQUIRE },
    sourcemap: "external",
    charset: "utf8",
    // A class or function that has to be renamed still has its own name: metrics, logs and registries ask for it.
    keepNames: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [regularFiles(cwd)],
  } as const satisfies BuildOptions;
}

function bundleOf({ outputFiles, metafile }: Outputs, file: string): Bundle {
  const text = (suffix: string): string =>
    outputFiles.find(({ path }: OutputFile) => path.endsWith(suffix))?.text ?? "";
  // The field of the format that esbuild leaves out: which module the map is for.
  const map = withField(text(`${basename(file)}.map`), "file", file);
  // Not of the sources' names, which depend on the folder of the build: images do not.
  const { mappings, names, sourcesContent } = JSON.parse(map);
  const debugId = uuidOf(JSON.stringify([file, mappings, names, sourcesContent]));
  const modules = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return {
    code: text(basename(file)),
    map: withField(map, "debugId", debugId),
    debugId,
    inputs: Object.keys(metafile.inputs),
    modules: modules.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path),
  };
}

/** JSON text of an object with one more field, its first. */
function withField(json: string, name: string, value: string): string {
  return json.replace("{", () => `{\n  ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
}

/** `file:line:column: text`, then the code frame; what esbuild advises is not for images. */
async function failureOf(cause: Pick<BuildFailure, "errors">): Promise<BuildError> {
  const { formatMessages } = await import("esbuild");
  const shown = await formatMessages([...cause.errors], { kind: "error", color: false });
  const frames = shown.map((text) =>
    text
      .split("\n")
      .filter((line) => FRAME_LINE.test(line))
      .map((line) => line.slice(2))
      .join("\n"),
  );
  const messages = cause.errors.map(({ text, location }, index) => {
    const place =
      location === null ? "" : `${visibleName(location.file)}:${location.line}:${location.column + 1}: `;
    return [`${place}${text}${hint(text)}`, frames[index]].filter(Boolean).join("\n");
  });
  const place = placeOf(cause.errors[0], frames[0]);
  return new BuildError("BUNDLE", messages.join("\n"), { cause, ...(place && { place }) });
}

function placeOf(error: Message | undefined, frame = ""): Place | undefined {
  if (!error?.location) return undefined;
  const { file, line, column } = error.location;
  return { file, line, column: column + 1, frame };
}

/** A line of a code frame, among the lines around it. */
const FRAME_LINE = /^ +\d* +[│╵]/;

function hint(text: string): string {
  return text.startsWith('Could not resolve "node:') ? ": an image has none of Node's modules" : "";
}
