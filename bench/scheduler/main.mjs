// What a scheduler costs: @uk/miou against other libraries and against a bare queue of generators, on Node and in a
// guest. UK_BENCH_ROUNDS=N repeats everything N times (3); UK_BENCH_ONLY="switch channel" measures only these rows;
// UK_BENCH_QUANTA=1 adds the comparison of quanta in a guest.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { binaryPath } from "@uk/tender-spt";
import { buildSync } from "esbuild";
import { machine, median, printTable, quantile, root } from "../lib.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const rounds = Number(process.env.UK_BENCH_ROUNDS ?? 3);
const only = process.env.UK_BENCH_ONLY?.split(/[ ,]+/);

const onNode = ["miou", "raw", "promises", "effect", "effection", "async-sema", "p-limit"];
/** Those that only measure calls into other threads. */
const withThreads = ["miou-threads", "tinypool"];
const inGuest = ["miou", "raw", "promises"];

/** The rows that are times of an operation. */
const timed = {
  spawn: "spawn + await",
  children: "one of 1e5 children",
  switch: "switch",
  cancel: "cancel with finally",
  fib: "task of a fib tree",
  mutex: "mutex, lock + switch + unlock",
  channel: "channel, send or receive",
};

if (!existsSync(join(folder, "node_modules")))
  execFileSync("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"], {
    stdio: "inherit",
  });
const work = mkdtempSync(join(folder, ".work-"));
try {
  bench();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function bench() {
  const images = new Map(inGuest.map((name) => [name, buildImage(name)]));
  const wanted = (what) => only === undefined || only.includes(what);
  const results = new Map(); // "contender what node|guest" -> results, one a round
  const note = (key, result) => {
    if (result !== undefined && result !== null) results.set(key, [...(results.get(key) ?? []), result]);
  };
  const rows = [...Object.keys(timed), "sleepers", "load", "bytes", "load_module"].filter(wanted);
  for (let round = 0; round < rounds; round++)
    for (const what of rows) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${what}\n`);
      for (const name of onNode) note(`${name} ${what} node`, nodeResult(name, what));
      for (const name of inGuest) note(`${name} ${what} guest`, guestResult(name, images.get(name), what));
    }

  /** The median over the rounds of a number of each result. */
  const figure = (name, what, where, pick, digits = 0) => {
    const found = (results.get(`${name} ${what} ${where}`) ?? []).map(pick).filter(Number.isFinite);
    return found.length === 0 ? "-" : median(found).toFixed(digits);
  };
  const ns = ({ times }) => median(times) * 1e6;
  const columns = [
    ...onNode.map((name) => ({ name, where: "node", head: name })),
    ...inGuest.map((name) => ({ name, where: "guest", head: `${name}, guest` })),
  ];
  const row = (title, what, pick, digits) => [
    title,
    ...columns.map(({ name, where }) => figure(name, what, where, pick, digits)),
  ];
  const table = [];
  for (const what of rows) {
    if (what in timed) table.push(row(`${timed[what]}, ns`, what, ns));
    if (what === "sleepers")
      table.push(
        row("1e5 sleepers (guest: 1e4), CPU ns of one", what, ({ cpu }) => cpu * 1e6),
        row("  overshoot p50, ms", what, ({ late }) => quantile(late, 0.5), 1),
        row("  overshoot p99, ms", what, ({ late }) => quantile(late, 0.99), 1),
      );
    if (what === "load")
      table.push(row("worst delay of a 1 ms timer, 1e6 tasks, ms", what, ({ worst }) => worst, 1));
    if (what === "bytes") table.push(row("bytes of a sleeping task", what, ({ bytes }) => bytes));
    if (what === "load_module") table.push(row("import, ms", what, ({ loadMs }) => loadMs, 1));
  }
  console.log(`${machine()}; ${rounds} interleaved rounds, medians; CPU time, in a guest wall time`);
  printTable([["", ...columns.map(({ head }) => head)], ...table]);
  if (wanted("parallel")) threads();
  if (only === undefined || only.includes("size")) sizes();
  if (process.env.UK_BENCH_QUANTA !== undefined) quanta(images.get("miou"));
}

/** Calls into one other thread, 20 in flight: all threads' processor time of one, its start included. */
function threads() {
  const times = withThreads.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, name] of withThreads.entries())
      times[index].push(...(nodeResult(name, "parallel")?.times ?? []));
  const us = (numbers) => (median(numbers) * 1000).toFixed(1);
  const [miou, tinypool] = times;
  printTable([
    ["parallel call, CPU us", ...withThreads, "miou/tinypool"],
    ["one of 2000 in a run", us(miou), us(tinypool), `${(median(miou) / median(tinypool)).toFixed(2)}x`],
  ]);
}

/** In a process of its own. */
function nodeResult(name, what) {
  const child = spawnSync(process.execPath, ["--expose-gc", join(folder, "child.mjs"), name, what], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 300_000,
  });
  if (child.status !== 0) {
    process.stderr.write(`${name} ${what}: status ${child.status ?? child.signal}\n`);
    return undefined;
  }
  return JSON.parse(child.stdout);
}

function boot(image, memMib, ...words) {
  return spawnSync(binaryPath(), [`--mem=${memMib}`, image, ...words], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
}

/** In an image of its own. */
function guestResult(name, image, what) {
  if (what === "load" || what === "load_module") return undefined;
  if (what === "bytes") {
    // How many more tasks fit when there is more memory.
    const fit = (memMib) => Number(boot(image, memMib, what, "1", "0", "0").stdout.match(/^\d+$/gm)?.at(-1));
    return { bytes: (32 << 20) / (fit(64) - fit(32)) };
  }
  const { status, stdout } = boot(image, 256, what, "1", "1500", "201");
  if (status !== 0) {
    if (!stdout.includes("not a function"))
      process.stderr.write(`${name} ${what} guest: ${stdout.slice(-300)}\n`);
    return undefined;
  }
  const result = JSON.parse(stdout);
  delete result.cpu; // its clock counts the time in which it sleeps
  return result;
}

/** The guest program with one contender in it. */
function buildImage(name) {
  const entry = join(work, `${name}.mjs`);
  buildSync({
    entryPoints: [join(folder, "guest.mjs")],
    alias: { contender: join(folder, "contenders", `${name}.mjs`) },
    bundle: true,
    format: "esm",
    external: ["@uk/miou", "@uk/miou-solo5"],
    outfile: entry,
  });
  const uk = join(root, "packages/cli/bin/uk.mjs");
  execFileSync(process.execPath, [uk, "build", entry, "--name", name, "--out-dir", work], { stdio: "pipe" });
  return join(work, `${name}.spt`);
}

/** What a bundle of a small program weighs. */
function sizes() {
  const bundle = (code) => {
    const { outputFiles } = buildSync({
      stdin: { contents: code, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2022",
      external: ["node:*"],
      write: false,
    });
    const [{ contents }] = outputFiles;
    return [(contents.length / 1000).toFixed(1), (gzipSync(contents, { level: 9 }).length / 1000).toFixed(1)];
  };
  printTable([
    ["bundle", "kB minified", "kB gzip"],
    ["miou: run, spawn", ...bundle(`export { run, spawn } from "@uk/miou"`)],
    [
      "miou: run, spawn, sleep, race, timeout",
      ...bundle(`export { run, spawn, sleep, race, timeout } from "@uk/miou"`),
    ],
    ["miou: everything", ...bundle(`export * from "@uk/miou"`)],
    ["effection: run, spawn", ...bundle(`export { run, spawn } from "effection"`)],
    ["effection: everything", ...bundle(`export * from "effection"`)],
    [
      "effect: runPromise, gen, forkChild, join",
      ...bundle(
        `import { Effect, Fiber } from "effect"; export const { runPromise, gen, forkChild } = Effect; export const { join } = Fiber;`,
      ),
    ],
    ["p-limit", ...bundle(`export { default } from "p-limit"`)],
  ]);
}

/** The throughput of a guest by quantum: the default should be the smallest within 10 % of the best. */
function quanta(image) {
  const choices = ["1", "16", "64"];
  const times = new Map();
  const whats = ["spawn", "children", "fib", "mutex", "channel", "switch"];
  for (let round = 0; round < 5; round++)
    for (const what of whats)
      for (const choice of choices) {
        const { stdout } = boot(image, 256, what, choice, "300", "201");
        const key = `${what} ${choice}`;
        times.set(key, [...(times.get(key) ?? []), median(JSON.parse(stdout).times) * 1e6]);
      }
  const cells = (what) => choices.map((choice) => median(times.get(`${what} ${choice}`)).toFixed(0));
  printTable([["guest, ns by quantum", ...choices], ...whats.map((what) => [what, ...cells(what)])]);
}
