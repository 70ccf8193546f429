import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createManifest, type Manifest, ManifestError, parse } from "@uk/manifest";
import { systemReason } from "@uk/manifest/node";
import { BuildError } from "./build-error.ts";
import type { Bundle } from "./bundle.ts";
import { writeProgram } from "./write-program.ts";

/** How long a program may take to reach `run` on the host. */
const LIMIT_MS = 60_000;
/** Most bytes of a manifest that are read; 63 devices need far fewer. */
const MAX_MANIFEST = 64 * 1024;
/** Most characters of what a program printed that are in an error. */
const MAX_OUTPUT = 4096;

/** What holds while a program is run up to `run`. */
export interface Inference {
  /** Where it lies, for errors. */
  readonly program: string;
  /** Absolute path of the folder that it runs in. */
  readonly cwd: string;
  /** Where it prints: to this process's standard error, or into the error that says how it failed. */
  readonly stdio: "inherit" | "pipe";
  readonly signal: AbortSignal | undefined;
}

/**
 * Learns which devices a program needs, by running it on the host where there is no target: a child process
 * that ends at `run`, and with this process.
 *
 * @throws {BuildError} `MANIFEST`: the program failed, never called `run`, or takes too long; `WRITE`: there is no
 *   room for it in the folder of temporary files; `TOOLCHAIN`: Node cannot be started
 * @throws the signal's reason
 */
export async function inferManifest(bundle: Bundle, inference: Inference): Promise<Manifest> {
  if (!bundle.inputs.some((path) => path.includes("miou-solo5/"))) return createManifest([]);
  const folder = await mkdtemp(join(tmpdir(), "uk-")).catch(unwritable);
  try {
    const file = await writeProgram(folder, bundle, inference.cwd).catch(unwritable);
    return await readManifest(file, inference);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unwritable(cause: unknown): never {
  const why = `the program cannot be written there, to be run: ${systemReason(cause)}: name another folder in TMPDIR`;
  throw new BuildError("WRITE", `${tmpdir()}: ${why}`, { cause });
}

async function readManifest(file: string, { program, cwd, stdio, signal }: Inference): Promise<Manifest> {
  signal?.throwIfAborted();
  const launcher = new URL("../dist/manifest-launcher.js", import.meta.url).href;
  const child = spawn(process.execPath, ["--enable-source-maps", "--import", launcher, file], {
    cwd,
    // Behind the standard streams: where the manifest goes, and what is closed when this process is gone.
    stdio: ["ignore", "pipe", stdio, "pipe", "pipe"],
    env: { ...process.env, UK_MANIFEST_FD: "3", UK_LIFELINE_FD: "4" },
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
    signal,
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk).slice(-MAX_OUTPUT);
  };
  if (stdio === "inherit") child.stdout?.pipe(process.stderr, { end: false });
  else for (const stream of [child.stdout, child.stderr]) stream?.on("data", keep);
  const text = collect(child.stdio[3] as Readable);
  const [status, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", (error) => reject(signal?.aborted ? signal.reason : notStarted(error)));
    child.on("close", (code, name) => resolve([code, name]));
  });
  const failure = (what: string, options?: ErrorOptions): BuildError => {
    const why = "to learn its devices the build runs the program on this host up to `run`";
    const said = output === "" ? "" : `\n${output.trimEnd()}`;
    return new BuildError("MANIFEST", `${program}: ${what}; ${why}${said}`, options);
  };
  if (by === "SIGKILL") throw failure(`it did not reach \`run\` within ${LIMIT_MS / 1000} s`);
  if (status !== 0) {
    const hint = stdio === "inherit" ? ", see above" : "";
    throw failure(`it failed before \`run\` (${by ?? `status ${status}`}${hint})`);
  }
  const json = await text;
  if (json === "") throw failure("it ended without calling `run` of @uk/miou-solo5");
  try {
    return parse(json.trimEnd());
  } catch (cause) {
    if (!(cause instanceof ManifestError)) throw cause;
    throw new BuildError("MANIFEST", `${program}: its manifest is invalid: ${cause.message}`, { cause });
  }
}

function notStarted(cause: Error): BuildError {
  const why = `Node cannot be started to run the program: ${systemReason(cause)}`;
  return new BuildError("TOOLCHAIN", `${process.execPath}: ${why}`, { cause });
}

async function collect(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MAX_MANIFEST) break;
  }
  return text;
}
