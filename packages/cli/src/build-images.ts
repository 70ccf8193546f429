import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { linkImage } from "@uk/image";
import { formatManifest, generateC, type Manifest } from "@uk/manifest";
import { baseImagePath, type CompiledModule, compileModule, RuntimeError, type Target } from "@uk/runtime";
import { type Bundle, bundle } from "./bundle.ts";
import { codeFrame } from "./code-frame.ts";
import type { Entry } from "./entry.ts";
import { CliError } from "./error.ts";
import { inferManifest } from "./infer-manifest.ts";
import { visibleName } from "./say.ts";

/** A built program, in memory. */
export interface Built {
  readonly manifest: Manifest;
  readonly images: ReadonlyMap<Target, Uint8Array>;
  /** Files beside the images, by their extension. */
  readonly sidecars: ReadonlyMap<string, string>;
  /** Bytes of the bundled module, and of its bytecode. */
  readonly sizes: { readonly bundle: number; readonly bytecode: number };
}

/**
 * From source to images: bundle, learn the devices, compile, link.
 *
 * @throws {CliError} an error in the program, with its place
 */
export async function buildImages(entry: Entry, name: string, targets: readonly Target[]): Promise<Built> {
  const file = `${name}.js`;
  const [guest, host] = await Promise.all([
    bundle(entry.path, file, "guest"),
    bundle(entry.path, file, "manifest"),
  ]);
  // Not at once: a program that does not compile is not run, so that its error is shown once.
  const program = await compile(guest, file);
  const manifest = await inferManifest(entry.path, host);
  const images = new Map<Target, Uint8Array>();
  for (const target of targets) {
    const base = await readFile(baseImagePath(target));
    images.set(target, linkImage({ base, manifest, program }));
  }
  return {
    manifest,
    images,
    sidecars: new Map([
      ["manifest.json", `${formatManifest(manifest).trimEnd()}\n`],
      ["manifest.c", generateC(manifest)],
      ["map", guest.map],
    ]),
    sizes: { bundle: Buffer.byteLength(guest.code), bytecode: program.bytecode.length },
  };
}

/** The manifest of a program, without building it. */
export async function programManifest(entry: Entry): Promise<Manifest> {
  return inferManifest(entry.path, await bundle(entry.path, `${entry.name}.js`, "manifest"));
}

async function compile(program: Bundle, file: string): Promise<CompiledModule> {
  try {
    return await compileModule(program.code, file);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    throw new CliError(error.code === "SYNTAX" ? locate(error, program) : error.message);
  }
}

/** An error that only the engine found (esbuild lets it pass): its place in the sources, and a frame. */
function locate(error: RuntimeError, program: Bundle): string {
  const { line, column = 1 } = error.line === undefined ? (placeOnHost(program.code) ?? {}) : error;
  if (line === undefined) return error.message;
  const map = new TraceMap(program.map);
  const origin = originalPositionFor(map, { line, column: column - 1 });
  if (origin.source === null) return `${error.message}\n${codeFrame(program.code, line, column)}`;
  const source = map.sourcesContent?.[map.sources.indexOf(origin.source)] ?? "";
  return `${visibleName(origin.source)}:${origin.line}:${origin.column + 1}: ${error.message}\n${codeFrame(source, origin.line, origin.column + 1)}`;
}

/** The engine gives no place for errors in regular expressions; Node, which finds the same ones, does. */
function placeOnHost(code: string): { readonly line: number; readonly column: number } | undefined {
  const check = ["--check", "--input-type=module", "-"];
  const { stderr } = spawnSync(process.execPath, check, { input: code, encoding: "utf8" });
  // name:LINE, the line itself, then a mark under the column.
  const [, line, before] = /^.*:(\d+)\n.*\n([ \t]*)\^/.exec(stderr) ?? [];
  return line === undefined ? undefined : { line: Number(line), column: (before ?? "").length + 1 };
}
