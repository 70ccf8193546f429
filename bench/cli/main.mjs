// How long `uk` takes to start: whole processes of commands, beside a Node that does nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildMeasure, machine, measure, median, printTable, quantile, ratio, root, uk } from "../lib.mjs";

const RUNS = 40;
const WARMUP = 5;

const folder = mkdtempSync(join(tmpdir(), "uk-bench-"));
try {
  uk("build", join(root, "examples/hello"), "--out-dir", folder);
  const image = join(folder, "hello.spt");
  const command = (...words) => [process.execPath, join(root, "packages/cli/bin/uk.mjs"), ...words];
  const rows = [
    ["node -e 0", [process.execPath, "-e", "0"]],
    ["uk --version", command("--version")],
    ["uk inspect hello.spt", command("inspect", image)],
    ["uk run hello.spt", command("run", image)],
    ["uk build hello", command("build", join(root, "examples/hello"), "--out-dir", folder)],
  ];
  const commands = rows.map(([, words]) => words);
  const results = measure(buildMeasure(), RUNS, WARMUP, commands);
  const ms = (ns) => (ns / 1e6).toFixed(1);
  const table = results.map(({ wallNs, peakRssKib }, at) => [
    rows[at][0],
    ms(median(wallNs)),
    `${ms(quantile(wallNs, 0.1))}..${ms(quantile(wallNs, 0.9))}`,
    `${ratio(wallNs, results[0].wallNs).toFixed(2)}x`,
    median(peakRssKib),
  ]);
  console.log(`${machine()}; ${RUNS} interleaved runs after ${WARMUP}; median, 10th..90th percentile`);
  printTable([["process", "wall ms", "spread", "to node", "RSS KiB"], ...table]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
