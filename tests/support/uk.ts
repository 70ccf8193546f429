import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** How a process ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The program `uk`, for Node. */
export const BIN: string = fileURLToPath(import.meta.resolve("@uk/cli/package.json")).replace(
  "package.json",
  "bin/uk.mjs",
);

/** Runs the real `uk`. */
export function uk(words: readonly string[], options: Options = {}): Promise<Ended> {
  return execute(process.execPath, [BIN, ...words], options);
}

/** Starts `uk` for a test that talks to the process while it runs. */
export function startUk(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [BIN, ...words], { stdio: ["ignore", "pipe", "pipe"] });
}

/** The first piece of what a process prints. */
export async function firstWords({
  stdout,
}: {
  readonly stdout?: Readable | null | undefined;
}): Promise<string> {
  const [chunk] = await once(stdout as Readable, "data");
  return String(chunk);
}

/** Runs a program to its end. */
export function execute(file: string, words: readonly string[], options: Options = {}): Promise<Ended> {
  const child = spawn(file, words, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return ended(child);
}

/** Waits for the end of a process. */
export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}
