// Hello World from the start of its tender to the exit, under both tenders in turn.
import { median, quantile } from "../lib.mjs";

const RUNS = 30;
const WARM_UP = 3;

/** What is compared; the first is what the others are compared with. */
const NAMES = ["hello.spt", "hello.hvt", "solo5-spt --version", "solo5-hvt --version"];

/** A step of a batch that has measure, both tenders and both images. */
export function bootStep(memory) {
  const commands = [
    ["./solo5-spt", memory, "hello.spt"],
    ["./solo5-hvt", memory, "hello.hvt"],
    ["./solo5-spt", "--version"],
    ["./solo5-hvt", "--version"],
  ];
  const words = commands.flatMap((command) => ["--", ...command]).slice(1);
  return {
    name: "boots",
    argv: ["./measure", String(RUNS), String(WARM_UP), ...words],
    timeoutMs: 300_000,
  };
}

/** Rows of a table from what the step left. Times of an emulated machine say nothing by themselves: ratios. */
export function bootTable({ status, stdout, stderr }, isEmulated) {
  if (status !== 0) throw new Error(`measure: status ${status}: ${stderr}`);
  const samples = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const failed = samples.find((sample) => sample.status !== 0);
  if (failed !== undefined) throw new Error(`${failed.command}: wait status ${failed.status}: ${stderr}`);
  const base = median(samples[0].wallNs);
  const cell = (ns) => (isEmulated ? `${(ns / base).toFixed(2)}x` : `${(ns / 1e6).toFixed(2)} ms`);
  const rows = samples.map(({ wallNs }, index) => [
    NAMES[index],
    `${(median(wallNs) / base).toFixed(2)}x`,
    [0.1, 0.9].map((q) => cell(quantile(wallNs, q))).join(".."),
  ]);
  return { runs: RUNS, warmUp: WARM_UP, rows: [["boot to exit", "to hello.spt", "spread"], ...rows] };
}
