import { basename, relative } from "node:path";
import {
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  build,
  context,
  formatMessages,
  type Message,
  type OutputFile,
  type Plugin,
} from "esbuild";
import { CliError } from "./error.ts";
import { whyNotReadable } from "./regular-file.ts";
import { visibleName } from "./say.ts";

/** One ES module that holds a whole program. */
export interface Bundle {
  readonly code: string;
  /** Source map, version 3, as JSON text; sources relative to the working directory. */
  readonly map: string;
  /** Paths of all modules that went in. */
  readonly inputs: readonly string[];
}

/** Where a bundle is to run: in an image; on this machine, for a build that asks for the devices; on Node, under `uk dev`. */
export type World = "guest" | "manifest" | "dev";

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
 * @param file - name of the module in stack traces and in the map
 * @throws {CliError} with file, line, column and a code frame for each error in the sources
 */
export async function bundle(entry: string, file: string, world: World): Promise<Bundle> {
  try {
    return bundleOf(await build(options(entry, file, world)), file);
  } catch (error) {
    const { errors } = error as BuildFailure;
    if (!Array.isArray(errors)) throw error;
    throw new CliError(await describe(errors));
  }
}

/**
 * Bundles a program for `uk dev`, now and whenever one of its sources changes.
 *
 * @param onBundle - gets each bundle that differs from the one before, or what is wrong with the sources
 * @returns a function that ends it
 */
export async function watchBundle(
  entry: string,
  file: string,
  onBundle: (bundle: Bundle | CliError) => void,
): Promise<() => Promise<void>> {
  let last: string | undefined;
  const tell: Plugin = {
    name: "tell",
    setup({ onEnd }) {
      onEnd(async (result) => {
        if (result.errors.length > 0) {
          last = undefined;
          return onBundle(new CliError(await describe(result.errors)));
        }
        const made = bundleOf(result as Outputs, file);
        if (made.code !== last) onBundle(made);
        last = made.code;
      });
    },
  };
  const watched = await context({ ...options(entry, file, "dev"), plugins: [REGULAR_FILES, tell] });
  await watched.watch();
  return () => watched.dispose();
}

/** esbuild would wait for a pipe to be written, and read a device to an end that never comes. */
const REGULAR_FILES: Plugin = {
  name: "regular files",
  setup({ onLoad }) {
    onLoad({ filter: /(?:)/, namespace: "file" }, ({ path }) => {
      const why = whyNotReadable(path);
      return why === undefined
        ? undefined
        : { errors: [{ text: `${relative(".", path)}: cannot read the module: ${why}` }] };
    });
  },
};

type Outputs = Pick<BuildResult<{ write: false; metafile: true }>, "outputFiles" | "metafile">;

function options(entry: string, file: string, world: World) {
  const guest = world === "guest";
  return {
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
    plugins: [REGULAR_FILES],
  } as const satisfies BuildOptions;
}

function bundleOf({ outputFiles, metafile }: Outputs, file: string): Bundle {
  const text = (suffix: string): string =>
    outputFiles.find(({ path }: OutputFile) => path.endsWith(suffix))?.text ?? "";
  return {
    code: text(basename(file)),
    map: text(`${basename(file)}.map`),
    inputs: Object.keys(metafile.inputs),
  };
}

/** `file:line:column: text`, then the code frame; what esbuild advises is not for images. */
async function describe(errors: readonly Message[]): Promise<string> {
  const frames = await formatMessages([...errors], { kind: "error", color: false });
  const messages = errors.map(({ text, location }, index) => {
    const place =
      location === null ? "" : `${visibleName(location.file)}:${location.line}:${location.column + 1}: `;
    const frame = (frames[index] ?? "")
      .split("\n")
      .filter((line) => FRAME_LINE.test(line))
      .map((line) => line.slice(2));
    return [`${place}${text}${hint(text)}`, ...frame].join("\n");
  });
  return messages.join("\n");
}

/** A line of a code frame, among the lines around it. */
const FRAME_LINE = /^ +\d* +[│╵]/;

function hint(text: string): string {
  return text.startsWith('Could not resolve "node:') ? ": an image has none of Node's modules" : "";
}
