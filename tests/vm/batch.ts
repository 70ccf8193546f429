import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInVm, type VmParts } from "./qemu.ts";
import { batchScript, stepScript } from "./script.ts";

/**
 * A command, run where hvt guests can run. Its environment says by `UK_KVM` what KVM is there: `hardware`,
 * or `emulated`, which executes all instructions, but has no debug registers for guests.
 */
export interface Step {
  readonly name: string;
  /** Program and arguments. The working folder has the batch's files; `./x` is one of them. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** TAP interfaces that are up, in a network of the step's own. */
  readonly taps?: readonly { readonly name: string; readonly address?: string }[];
  /** Milliseconds, 60,000 without it; then the command is killed. */
  readonly timeoutMs?: number;
  /** Files in the working folder to bring back. */
  readonly keep?: readonly string[];
}

/** What a batch brings. */
export interface Batch {
  /** By name in the working folder: paths of this machine. */
  readonly files: Readonly<Record<string, string>>;
  /** Programs of this machine that steps call by name, with their libraries. */
  readonly programs?: readonly string[];
  readonly steps: readonly Step[];
  /** Milliseconds for all of it, 300,000 without it. */
  readonly timeoutMs?: number;
}

/** How a step ended. */
export interface Result {
  readonly name: string;
  /** Its exit status; 128 and more for a signal, as a shell has it, so 137 for one that was killed. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The files that were to be kept, as far as they are there. */
  readonly kept: ReadonlyMap<string, Buffer>;
}

/** Where hvt guests can run on this machine; `node scripts/vm.mjs` says so. */
export type Place = { readonly direct: true } | ({ readonly direct: false } & VmParts);

const root = fileURLToPath(new URL("../..", import.meta.url));
const BATCH_TIMEOUT_MS = 300_000;

/**
 * Asks where hvt guests can run; fetches what that takes. Some seconds the first time. With `UK_VM=1` in
 * the environment it is the virtual machine even where KVM works.
 */
export function findPlace(): Place {
  const words = process.env.UK_VM === "1" ? ["--emulated"] : [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/vm.mjs"), ...words], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`hvt guests cannot run on this machine: ${stderr.trim()}`);
  return JSON.parse(stdout);
}

/**
 * Runs all steps, one after the other, in one folder with the batch's files: under KVM of this machine if
 * that executes guests, else in one boot of a virtual machine.
 *
 * @throws the virtual machine did not get to the end; the message has the end of its console
 */
export async function runBatch(batch: Batch): Promise<Result[]> {
  const place = findPlace();
  const folder = mkdtempSync(join(tmpdir(), "uk-vm-"));
  try {
    const out = join(folder, "out");
    mkdirSync(out);
    const timeoutMs = batch.timeoutMs ?? BATCH_TIMEOUT_MS;
    if (place.direct) runDirectly(batch, folder, timeoutMs);
    else await runInVm(place, { ...batch, timeoutMs }, folder);
    return batch.steps.map(({ name }, index) => readResult(name, join(out, String(index))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runDirectly(batch: Batch, folder: string, timeoutMs: number): void {
  for (const [name, path] of Object.entries(batch.files)) {
    const target = join(folder, "work", name);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }
  batch.steps.forEach((step, index) => {
    writeFileSync(join(folder, `step-${index}.sh`), stepScript(step));
  });
  const script = join(folder, "batch.sh");
  writeFileSync(script, `top=$1\nbegin() { :; }\nsend() { :; }\n${batchScript(batch.steps)}`);
  const env = { ...process.env, UK_KVM: "hardware" };
  const { error } = spawnSync("sh", [script, folder], { stdio: "inherit", timeout: timeoutMs, env });
  if (error) throw new Error(`the batch did not end: ${error.message}`);
}

function readResult(name: string, folder: string): Result {
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const kept = join(folder, "kept");
  return {
    name,
    status: Number(read("status")),
    stdout: read("stdout"),
    stderr: read("stderr"),
    kept: new Map(readdirSync(kept).map((file) => [file, readFileSync(join(kept, file))])),
  };
}
