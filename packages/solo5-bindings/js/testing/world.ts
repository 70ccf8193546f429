import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** How a program ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const dist = (entry: string): string => JSON.stringify(new URL(`../../dist/${entry}.js`, import.meta.url));
const miou = JSON.stringify(import.meta.resolve("@uk/miou"));

/** What every program of these tests has at hand: the package as it is built, and how to say what came of it. */
const PROLOGUE = `
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as after, setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { run, spawn, timeout } from ${miou};
import { BindingsError, openBlock, openTap } from ${dist("index")};
import { readBlocks, readFrame, writeBlocks } from ${dist("miou")};
import { openTarget } from ${dist("target")};
const say = (value) => fs.writeSync(1, JSON.stringify(value, (_, v) => typeof v === "bigint" ? v + "n" : v) + "\\n");
const fails = async (call) => {
  try {
    return await call();
  } catch (error) {
    return [error.name, error.code, error.message].filter(Boolean).join(" | ");
  }
};
/** An Ethernet frame from \`source\` to everybody, of a type that nobody else sends. */
const frameOf = (source, text) => {
  const frame = new Uint8Array(60);
  frame.set([255, 255, 255, 255, 255, 255, ...source, 0x88, 0xb5, ...Buffer.from(text)]);
  return frame;
};
const isOurs = (frame) => frame[12] === 0x88 && frame[13] === 0xb5;
const textOf = (frame) => Buffer.from(frame.subarray(14)).toString().replace(/\\0.*/s, "");
`;

/** Makes TAPs `tapa` and `tapb`, joined by a bridge, in the namespace of the shell. */
export const TWO_TAPS = `
  for tap in tapa tapb; do ip tuntap add $tap mode tap; done
  ip link add behind type bridge
  for link in behind tapa tapb; do ip link set $link up; done
  for tap in tapa tapb; do ip link set $tap master behind; done`;

/** A socket pair, as descriptors in \`process.env.A\` and \`B\` of the program. */
const pair = (type: string): readonly string[] => [
  "perl",
  "-MSocket",
  "-e",
  `$^F = 255; socketpair(my $a, my $b, AF_UNIX, ${type}, 0) or die $!; @ENV{"A", "B"} = (fileno $a, fileno $b); exec @ARGV or die $!`,
];

/** Where a program runs. */
export interface World {
  /** Shell commands as root of a network and mount namespace of its own, before the program. */
  readonly namespace?: string;
  /** Shell commands before the program. */
  readonly before?: string;
  /** The type of a socket pair that it gets. */
  readonly pair?: "SOCK_DGRAM" | "SOCK_SEQPACKET" | "SOCK_STREAM";
}

/** Runs a program to its end. */
export function execute(file: string, words: readonly string[]): Promise<Ended> {
  const child = spawn(file, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** This package, where what it depends on is found. */
const folder = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a program that uses the built package; what it said, a JSON value a line. It must end by itself, with 0. */
export async function program(source: string, world: World = {}): Promise<unknown[]> {
  const node = [process.execPath, "--input-type=module", "--expose-gc", "-e", `${PROLOGUE}\n${source}`];
  const inside = world.pair === undefined ? node : [...pair(world.pair), ...node];
  const { namespace, before = namespace ?? "" } = world;
  const shell = ["sh", "-c", `set -e\n${before}\nexec "$@"`, "sh", ...inside];
  const [file = "", ...words] = namespace === undefined ? shell : ["unshare", "--net", "--mount", ...shell];
  const { status, stdout, stderr } = await execute(file, words);
  if (status !== 0 || stderr !== "") throw new Error(`the program ended with ${status}:\n${stdout}${stderr}`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

/** Why network namespaces and TAPs are not to be had here; `undefined` if they are. */
export async function noNamespaces(): Promise<string | undefined> {
  const { status, stderr } = await execute("unshare", [
    "--net",
    "--mount",
    "test",
    "-c",
    "/dev/net/tun",
  ]).catch((error: Error) => ({ status: 1, stderr: error.message }));
  return status === 0 ? undefined : `no namespaces or no /dev/net/tun: ${stderr.trim()}`;
}

/** A folder of the calling test file's own, gone after its last test. */
export function workspace(): string {
  const path = mkdtempSync(join(tmpdir(), "uk-bindings-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Makes files in `folder` whose bytes count up; their paths. */
export function disksIn(folder: string): (name: string, bytes: number) => string {
  return (name, bytes) => {
    const path = join(folder, name);
    writeFileSync(
      path,
      Uint8Array.from({ length: bytes }, (_, at) => at % 251),
    );
    return path;
  };
}

/** Memory that can shrink; the types of ES2023 do not know it. */
export function resizable(bytes: number): ArrayBuffer & { resize(bytes: number): void } {
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: { readonly maxByteLength: number },
  ) => ArrayBuffer & { resize(bytes: number): void };
  return new Resizable(bytes, { maxByteLength: bytes });
}
