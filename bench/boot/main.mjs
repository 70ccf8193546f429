// Whole-process wall time, peak memory and size of Hello World, side by side in one run.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "@uk/tender-spt";
import { buildMeasure, machine, measure, median, printTable, quantile, root } from "../lib.mjs";

const RUNS = 60;
const WARMUP = 5;
const BIG_BUNDLE = 1 << 20;

const folder = mkdtempSync(join(root, "bench/boot/.work-"));
try {
  bench(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function bench(work) {
  const tender = binaryPath();
  const uk = (...args) =>
    execFileSync(process.execPath, [join(root, "packages/cli/bin/uk.mjs"), ...args], { stdio: "pipe" });
  const file = (name, content) => {
    const path = join(work, name);
    writeFileSync(path, content);
    return path;
  };
  uk("build", join(root, "examples/hello/main.ts"), "--name", "hello", "--out-dir", work);
  uk("build", file("big.ts", bigProgram(BIG_BUNDLE)), "--name", "big", "--out-dir", work);
  const script = file("hello.js", 'console.log("Hello World");\n');
  const empty = join(work, "empty");
  execFileSync("cc", ["-O2", "-static", "-o", empty, file("empty.c", "int main(void) { return 0; }\n")]);

  const rows = [
    { name: "hello.spt", command: [tender, join(work, "hello.spt")], size: join(work, "hello.spt") },
    { name: "1 MB bundle.spt", command: [tender, join(work, "big.spt")], size: join(work, "big.spt") },
    { name: "empty static process", command: [empty], size: empty },
    { name: "node hello.js", command: [process.execPath, script], size: script },
  ];
  const results = measure(
    buildMeasure(),
    RUNS,
    WARMUP,
    rows.map(({ command }) => command),
  );

  const hello = results[0];
  const ms = (ns) => (ns / 1e6).toFixed(2);
  const ratio = (value, base) => `${(value / base).toFixed(2)}x`;
  const table = results.map(({ wallNs, peakRssKib }, index) => [
    rows[index].name,
    ms(median(wallNs)),
    `${ms(quantile(wallNs, 0.1))}..${ms(quantile(wallNs, 0.9))}`,
    ratio(median(wallNs), median(hello.wallNs)),
    median(peakRssKib),
    ratio(median(peakRssKib), median(hello.peakRssKib)),
    statSync(rows[index].size).size,
  ]);
  console.log(`${machine()}; ${RUNS} interleaved runs after ${WARMUP}; median, 10th..90th percentile`);
  printTable([
    ["process", "wall ms", "spread", "wall/hello", "RSS KiB", "RSS/hello", "file bytes"],
    ...table,
  ]);
  const node = results[results.length - 1];
  console.log(
    `hello.spt against node hello.js: 1/${(median(node.wallNs) / median(hello.wallNs)).toFixed(0)} of the wall time, 1/${(median(node.peakRssKib) / median(hello.peakRssKib)).toFixed(0)} of the memory`,
  );
}

/** A program whose bundle has about `bytes` bytes of code that is loaded and hardly called. */
function bigProgram(bytes) {
  const parts = [];
  let length = 0;
  for (let index = 0; length < bytes; index++) {
    const part = `export function f${index}(a, b) { const list = [a, b, ${index}]; let sum = 0; for (const item of list) { if (item > ${index % 97}) { sum += item * ${index}; } else { sum -= item; } } return { sum, name: "function ${index}", list }; }\n`;
    parts.push(part);
    length += part.length;
  }
  const table = `const all = [${parts.map((_, index) => `f${index}`).join(",")}];\n`;
  return `import { run } from "@uk/miou-solo5";\n${parts.join("")}${table}run([], function* () { console.log("Hello World", all.length, all[1](1, 2).sum); });\n`;
}
