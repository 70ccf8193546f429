import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createManifest, type Manifest, ManifestError, parseManifest } from "@uk/manifest";
import type { Bundle } from "./bundle.ts";
import { CliError } from "./error.ts";
import { writeProgram } from "./write-program.ts";

/** How long a program may take to reach `run` on the host. */
const LIMIT_MS = 60_000;
/** Most bytes of a manifest that are read; 63 devices need far fewer. */
const MAX_MANIFEST = 64 * 1024;

/**
 * Learns which devices a program needs, by running it on the host in manifest mode: a child process
 * that ends at `run`. What the program prints before that goes to standard error.
 *
 * @throws {CliError} the program failed, never called `run`, or takes too long
 */
export async function inferManifest(program: string, bundle: Bundle): Promise<Manifest> {
  if (!bundle.inputs.some((path) => path.includes("miou-solo5/"))) return createManifest([]);
  const folder = await mkdtemp(join(tmpdir(), "uk-"));
  try {
    return await readManifest(program, await writeProgram(folder, bundle));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readManifest(program: string, file: string): Promise<Manifest> {
  const launcher = new URL("manifest-launcher.js", import.meta.url).href;
  const child = spawn(process.execPath, ["--enable-source-maps", "--import", launcher, file], {
    // Behind the standard streams: where the manifest goes, and what is closed when this process is gone.
    stdio: ["ignore", "pipe", "inherit", "pipe", "pipe"],
    env: { ...process.env, UK_MANIFEST_FD: "3", UK_LIFELINE_FD: "4" },
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  child.stdout?.pipe(process.stderr, { end: false });
  const text = collect(child.stdio[3] as Readable);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject).on("close", (code, name) => resolve([code, name]));
  });
  const why = "to learn its devices the build runs the program on this machine up to `run`";
  if (signal === "SIGKILL")
    throw new CliError(`${program}: it did not reach \`run\` within ${LIMIT_MS / 1000} s; ${why}`);
  if (status !== 0)
    throw new CliError(
      `${program}: it failed before \`run\` (${signal ?? `status ${status}`}, see above); ${why}`,
    );
  const json = await text;
  if (json === "")
    throw new CliError(`${program}: it ended without calling \`run\` of @uk/miou-solo5; ${why}`);
  try {
    return parseManifest(json.trimEnd());
  } catch (error) {
    if (error instanceof ManifestError)
      throw new CliError(`${program}: its manifest is invalid: ${error.message}`);
    throw error;
  }
}

async function collect(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MAX_MANIFEST) break;
  }
  return text;
}
