// What manifests and images cost: the commands as whole processes; `link` and `read` in process.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { baseImagePath } from "@uk/runtime";
import { machine, median, printTable, quantile, ratio, root } from "../lib.mjs";
import { calls, inputsOf } from "./probe.mjs";

const ROUNDS = 60;
const WARMUP = 10;
/** Of one call each: for its first time, and its memory. */
const PROCESSES = 15;
const PROBE = fileURLToPath(new URL("probe.mjs", import.meta.url));
/** Bytes of bytecode, and what `link` may take. */
const SIZES = [
  { name: "1 MB", bytes: 1 << 20, budgetMs: 5 },
  { name: "10 MB", bytes: 10 << 20, budgetMs: 40 },
];
/** What a call may take of memory, in images. */
const BUDGET_MEMORY = 2;

const folder = mkdtempSync(join(tmpdir(), "uk-bench-"));
try {
  for (const { name, bytes, budgetMs } of SIZES) {
    const work = join(folder, name);
    writeInputs(work, bytes);
    inProcess(name, work, budgetMs);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A base image, bytecode at which nobody looks, and the image of them. */
function writeInputs(folder, bytes) {
  mkdirSync(folder);
  copyFileSync(baseImagePath("spt"), join(folder, "base.elf"));
  copyFileSync(join(root, "packages/runtime/dist/build-id"), join(folder, "build-id"));
  writeFileSync(join(folder, "bytecode"), new Uint8Array(bytes).fill(0x75));
  writeFileSync(join(folder, "image.spt"), "");
  writeFileSync(join(folder, "image.spt"), calls.link(inputsOf(folder)));
}

function inProcess(name, folder, budgetMs) {
  const inputs = inputsOf(folder);
  const rows = Object.entries(calls).map(([call, work]) => ({ call, work, ms: [], first: [], peak: [] }));
  for (let round = -WARMUP; round < ROUNDS; round++) {
    for (const { work, ms } of rows) {
      const start = performance.now();
      work(inputs);
      if (round >= 0) ms.push(performance.now() - start);
    }
  }
  for (let round = 0; round < PROCESSES; round++) {
    for (const { call, first, peak } of rows) {
      const { ms, peakBytes } = JSON.parse(execFileSync(process.execPath, [PROBE, call, folder]));
      first.push(ms);
      peak.push(peakBytes);
    }
  }
  const size = inputs.image.length;
  const [copy, nothing] = rows.slice(-2);
  const table = rows
    .slice(0, -1)
    .map(({ call, ms, first, peak }) => [
      call,
      median(ms).toFixed(2),
      `${quantile(ms, 0.1).toFixed(2)}..${quantile(ms, 0.9).toFixed(2)}`,
      `${ratio(ms, copy.ms).toFixed(1)}x`,
      median(first).toFixed(2),
      `${(median(peak.map((bytes, at) => bytes - nothing.peak[at])) / size).toFixed(2)}x`,
    ]);
  console.log(
    `${name} of bytecode, an image of ${size} bytes; ${machine()}; ${ROUNDS} interleaved rounds after ${WARMUP}, ${PROCESSES} processes`,
  );
  printTable([["call", "ms", "10th..90th", "to a copy", "first, ms", "memory, images"], ...table]);
  console.log(`budget of link: ${budgetMs} ms, ${BUDGET_MEMORY} images\n`);
}
