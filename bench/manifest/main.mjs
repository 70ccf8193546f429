// What manifests and images cost: the commands as whole processes; `link` and `read` in process.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createManifest, print } from "@uk/manifest";
import { baseImagePath } from "@uk/runtime";
import { isOnPath } from "../../scripts/lib/workspace.mjs";
import { buildMeasure, machine, measure, median, printTable, quantile, ratio, root } from "../lib.mjs";
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
  wholeProcesses(join(folder, "10 MB/image.spt"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The commands, with the image of 10 MB; beside a Node that does nothing, and upstream's tool where it is. */
function wholeProcesses(image) {
  const node = (...words) => [process.execPath, ...words];
  const source = join(folder, "manifest.json");
  writeFileSync(source, print(createManifest([{ name: "service", type: "NET_BASIC" }])));
  const commands = (name, tool) => [
    [`${name} gen-manifest`, [...tool, "gen-manifest", source, join(folder, "manifest.c")]],
    [`${name} query-manifest`, [...tool, "query-manifest", image]],
  ];
  const rows = [
    ["node -e 0", node("-e", "0")],
    ["import nothing", node("-e", 'import("data:text/javascript,")')],
    ["import @uk/manifest", node("-e", `import("${import.meta.resolve("@uk/manifest")}")`)],
    ...commands("uk-manifest", node(join(root, "packages/manifest/bin/uk-manifest.mjs"))),
    ...(isOnPath("solo5-elftool") ? commands("solo5-elftool", ["solo5-elftool"]) : []),
  ];
  const words = rows.map(([, words]) => words);
  const results = measure(buildMeasure(), ROUNDS, WARMUP, words);
  const ms = (ns) => (ns / 1e6).toFixed(1);
  const table = results.map(({ wallNs, peakRssKib }, at) => [
    rows[at][0],
    ms(median(wallNs)),
    `${ms(quantile(wallNs, 0.1))}..${ms(quantile(wallNs, 0.9))}`,
    `${ratio(wallNs, results[0].wallNs).toFixed(2)}x`,
    median(peakRssKib),
  ]);
  console.log(`${machine()}; ${ROUNDS} interleaved runs after ${WARMUP}; median, 10th..90th percentile`);
  printTable([["process", "wall ms", "spread", "to node", "RSS KiB"], ...table]);
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
