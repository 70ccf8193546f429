import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  checkStack,
  ImageError,
  type LinkInput,
  link as linkImage,
  readEngine,
  STACK_BYTES,
} from "@uk/image";
import { format, isTarget, type Manifest, TARGETS, type Target, toC } from "@uk/manifest";
import { systemReason, visibleName } from "@uk/manifest/node";
import { baseImagePath, type CompiledModule, compileModule, RuntimeError } from "@uk/runtime";
import { BuildError, type Place } from "./build-error.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { codeFrame } from "./code-frame.ts";
import { findEntry } from "./entry.ts";
import { type Inference, inferManifest } from "./infer-manifest.ts";
import { sbomOf } from "./sbom.ts";
import { SourceMap } from "./symbolicate.ts";
import { writeOutputs } from "./write-outputs.ts";

/** How the manifest of a program is learnt. */
export interface ManifestOptions {
  /**
   * Folder that relative paths start from, names of sources in errors and maps too, and that the program runs in;
   * this process's without it.
   */
  readonly cwd?: string;
  /**
   * What the program prints while it is run up to `run`: `inherit`, on this process's standard error; `pipe`, which it
   * is without this: the end of it in the error, if it fails.
   */
  readonly stdio?: "inherit" | "pipe";
  /** Ends what is still to be done when it is aborted. */
  readonly signal?: AbortSignal;
}

/** How a program is built. */
export interface BuildOptions extends ManifestOptions {
  /** Every {@link Target} without it. */
  readonly targets?: readonly Target[];
  /** Name of the output; without it that of the module, or of its folder where the module is `main` or `index`. */
  readonly name?: string;
  /** Bytes of memory for the engine's stack: a multiple of 4096 from 256 KiB to 1 GiB; 8 MiB without it. */
  readonly stack?: number;
  /** Folder to write the output into, all or nothing; without it nothing is written. */
  readonly outDir?: string;
}

/** A built program. */
export interface Built {
  readonly name: string;
  readonly manifest: Manifest;
  readonly images: ReadonlyMap<Target, Uint8Array>;
  /** Source map of the module in the images, as JSON text. */
  readonly map: string;
  /** What the program is made of: a CycloneDX 1.6 document, as JSON text. */
  readonly sbom: string;
  /** All that `outDir` gets, by name: images, `NAME.manifest.json`, `NAME.manifest.c`, `NAME.map`, `NAME.cdx.json`. */
  readonly files: ReadonlyMap<string, Uint8Array | string>;
  /** Bytes of the bundled module, and of its bytecode. */
  readonly sizes: { readonly bundle: number; readonly bytecode: number };
}

/**
 * From source to images: bundle, compile, learn the devices, link. The same sources give the same bytes. The program
 * is run on this host up to `run`, with this process's environment, and ends when this process does.
 *
 * @param entry - the first module, or a folder with a `main` or `index` in it or in its `src`: path or `file:` URL
 * @throws {TypeError} (as a rejection) there is no such target, or an option is of another type
 * @throws {RangeError} (as a rejection) `stack` is no size of a stack
 * @throws {BuildError} all else that can go wrong, in the program and on the host
 * @throws the signal's reason
 */
export async function build(entry: string | URL, options: BuildOptions = {}): Promise<Built> {
  const { targets = TARGETS, stack = STACK_BYTES.default, outDir, signal } = options;
  checkStack("build", stack);
  if (!Array.isArray(targets)) throw new TypeError("build: targets must be an array");
  if (!["string", "undefined"].includes(typeof options.name))
    throw new TypeError("build: name must be a string");
  for (const target of targets)
    if (!isTarget(target)) throw new TypeError(`build: there is no target ${JSON.stringify(target)}`);
  const { path, cwd, name: own } = programOf(entry, options);
  const name = options.name ?? own;
  if (!/^[^/\0]+$/.test(name) || name === "." || name === "..")
    throw new BuildError("NAME", `${JSON.stringify(name)} is not a file name`);
  const file = `${name}.js`;
  const [guest, host] = await Promise.all([
    bundle({ entry: path, file, world: "guest", cwd }),
    bundle({ entry: path, file, world: "manifest", cwd }),
  ]);
  signal?.throwIfAborted();
  // Not at once: a program that does not compile is not run, so that its error is shown once.
  const program = await compile(guest, file);
  const manifest = await inferManifest(host, inferenceOf(path, cwd, options));
  const images = new Map<Target, Uint8Array>();
  const engine = readEngine(await readBase("spt"));
  const sbom = sbomOf({ name, entry: path, modules: guest.modules, cwd, engine });
  const input = { manifest, program, stack, debugId: guest.debugId, sbom };
  for (const target of targets) images.set(target, await link(path, target, input));
  const files = new Map<string, Uint8Array | string>([
    ...[...images].map(([target, image]) => [`${name}.${target}`, image] as const),
    [`${name}.manifest.json`, `${format(manifest).trimEnd()}\n`],
    [`${name}.manifest.c`, toC(manifest)],
    [`${name}.map`, guest.map],
    [`${name}.cdx.json`, sbom],
  ]);
  signal?.throwIfAborted();
  if (outDir !== undefined) await writeOutputs(outDir, files, cwd);
  const sizes = { bundle: Buffer.byteLength(guest.code), bytecode: program.bytecode.length };
  return { name, manifest, images, map: guest.map, sbom, files, sizes };
}

/**
 * The manifest of a program, without building it: what devices it needs.
 *
 * @param entry - as for {@link build}
 * @throws {BuildError} as {@link build}
 * @throws the signal's reason
 */
export async function manifestOf(entry: string | URL, options: ManifestOptions = {}): Promise<Manifest> {
  const { path, cwd, name } = programOf(entry, options);
  const host = await bundle({ entry: path, file: `${name}.js`, world: "manifest", cwd });
  return inferManifest(host, inferenceOf(path, cwd, options));
}

function programOf(entry: string | URL, { cwd = "." }: ManifestOptions) {
  const folder = resolve(cwd);
  return { ...findEntry(entry, folder), cwd: folder };
}

function inferenceOf(program: string, cwd: string, { stdio = "pipe", signal }: ManifestOptions): Inference {
  return { program, cwd, stdio, signal };
}

async function link(program: string, target: Target, input: Omit<LinkInput, "base">): Promise<Uint8Array> {
  const base = await readBase(target);
  try {
    return linkImage({ base, ...input });
  } catch (cause) {
    if (!(cause instanceof ImageError)) throw cause;
    throw new BuildError("LINK", `${program}: ${cause.message}`, { cause });
  }
}

async function readBase(target: Target): Promise<Uint8Array> {
  try {
    return await readFile(baseImagePath(target));
  } catch (cause) {
    if (cause instanceof RuntimeError) throw broken(cause);
    const why = `the base image for ${target} cannot be read: ${systemReason(cause)}: install @uk/runtime again`;
    throw new BuildError("TOOLCHAIN", why, { cause });
  }
}

async function compile(program: Bundle, file: string): Promise<CompiledModule> {
  try {
    return await compileModule(program.code, file);
  } catch (error) {
    throw error instanceof RuntimeError && error.code === "SYNTAX"
      ? located(error, program, file)
      : broken(error);
  }
}

/** What `@uk/runtime` lacks is said in its own words. */
function broken(cause: unknown): unknown {
  return cause instanceof RuntimeError ? new BuildError("TOOLCHAIN", cause.message, { cause }) : cause;
}

/** An error that only the engine found (esbuild lets it pass): its place in the sources, and a frame. */
function located(cause: RuntimeError, { code, map }: Bundle, file: string): BuildError {
  const { line, column = 1 } = cause.line === undefined ? (placeOnHost(code) ?? {}) : cause;
  if (line === undefined) return new BuildError("COMPILE", cause.message, { cause });
  const origin = new SourceMap(map).originOf(line, column);
  const place: Place =
    origin === undefined
      ? { file, line, column, frame: codeFrame(code, line, column) }
      : { ...origin, frame: codeFrame(origin.content, origin.line, origin.column) };
  const where = origin === undefined ? "" : `${visibleName(place.file)}:${place.line}:${place.column}: `;
  return new BuildError("COMPILE", `${where}${cause.message}\n${place.frame}`, { cause, place });
}

/** The engine gives no place for errors in regular expressions; Node, which finds the same ones, does. */
function placeOnHost(code: string): { readonly line: number; readonly column: number } | undefined {
  const check = ["--check", "--input-type=module", "-"];
  const { stderr } = spawnSync(process.execPath, check, { input: code, encoding: "utf8" });
  // name:LINE, the line itself, then a mark under the column.
  const [, line, before] = /^.*:(\d+)\n.*\n([ \t]*)\^/.exec(stderr) ?? [];
  return line === undefined ? undefined : { line: Number(line), column: (before ?? "").length + 1 };
}
