// What the benchmarks share: medians, a table, and the program that measures.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** `q` between 0 and 1 of unsorted numbers. */
export function quantile(numbers, q) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)];
}

export const median = (numbers) => quantile(numbers, 0.5);

/** How much more `one` is than `other`, both measured in the same rounds: what changes from round to round changes both. */
export const ratio = (one, other) => median(one.map((value, round) => value / other[round]));

const release = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "release");

let isBuilt = false;

/** Builds bench/native, once a process, and returns the path of one of its programs. */
export function buildNative(program) {
  if (!isBuilt)
    execFileSync("cargo", ["build", "--release", "--locked", "--quiet", "-p", "bench-native"], {
      cwd: root,
      stdio: "inherit",
    });
  isBuilt = true;
  return join(release, program);
}

/** Runs the house's `uk`, quietly. */
export function uk(...words) {
  execFileSync(process.execPath, [join(root, "packages/cli/bin/uk.mjs"), ...words], { stdio: "pipe" });
}

/** Where the spt tender is. */
export function tenderPath() {
  return join(root, "packages/tender-spt/dist/solo5-spt");
}

/** Builds bench/measure and returns the path of the binary. */
export function buildMeasure() {
  execFileSync("cargo", ["build", "--release", "--locked", "--quiet", "-p", "measure"], {
    cwd: root,
    stdio: "inherit",
  });
  return join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "release/measure");
}

/** Runs commands interleaved; samples of each, in the order given. Fails if a command fails. */
export function measure(binary, runs, warmup, commands) {
  const words = commands.flatMap((command, index) => (index === 0 ? command : ["--", ...command]));
  const output = execFileSync(binary, [String(runs), String(warmup), ...words], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const results = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const { command, status } of results)
    if (status !== 0) throw new Error(`${command}: wait status ${status}`);
  return results;
}

/** The machine in general words: what makes figures comparable, nothing that names it. */
export function machine() {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu.model.trim()}, Node ${process.versions.node}`;
}

/** Prints rows of cells, the first row as head; numbers right. */
export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const line = (row) =>
    row
      .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i])))
      .join("  ");
  console.log(line(rows[0]));
  console.log(widths.map((width) => "-".repeat(width)).join("  "));
  for (const row of rows.slice(1)) console.log(line(row));
}
