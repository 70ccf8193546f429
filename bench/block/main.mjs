// Time of one block of 4 KiB in the page cache: guest, Node, fio and plain native loops, in one run.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildNative, machine, median, printTable, quantile, ratio, root, tenderPath, uk } from "../lib.mjs";

const ROUNDS = 25;
const COUNT = 100_000;
const BLOCK = 4096;
const BLOCKS = 4096;

const work = mkdtempSync(join(root, "bench/block/.work-"));
try {
  uk("build", join(root, "bench/block/guest.ts"), "--out-dir", work);
  const disk = join(work, "disk.img");
  writeFileSync(disk, Buffer.alloc(BLOCK * BLOCKS, 1));
  const tender = [tenderPath(), "--mem=64", `--block:storage=${disk}`, "--block-sector-size:storage=4096"];
  const native = buildNative("block-loop");
  const peers = [
    { name: "native", sample: ours([native, disk]) },
    { name: "native, filtered", sample: ours([native, "--filter", disk]) },
    { name: "guest.spt", sample: ours([...tender, join(work, "guest.spt")]) },
    { name: "node:fs", sample: ours([process.execPath, join(root, "bench/block/node.mjs"), disk]) },
  ];
  if (existsSync(join(root, "packages/solo5-bindings/dist/solo5-bindings.linux-x64-gnu.node")))
    peers.push({
      name: "node, addon",
      sample: ours([process.execPath, join(root, "bench/block/node-addon.mjs"), disk]),
    });
  else console.log("node, addon: left out, packages/solo5-bindings is not built");
  if (spawnSync("fio", ["--version"]).status === 0) peers.push({ name: "fio", sample: fio(disk) });
  else console.log("fio: left out, it is not installed");
  console.log(
    `${machine()}; ns a block of 4 KiB, ${COUNT} blocks, one after the other: processor time as well`,
  );
  console.log(`medians of ${ROUNDS} interleaved rounds, of ratios as well`);
  const names = peers.map(({ name }) => name);
  const rows = [["call", ...names, "spread of the guest", "guest/native", "guest/filtered"]];
  for (const call of ["read", "write"])
    for (const order of ["sequential", "random"]) rows.push(row(peers, call, order));
  printTable(rows);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function row(peers, call, order) {
  const times = peers.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, { sample }] of peers.entries()) times[index].push(sample(call, order));
  const medians = times.map(median);
  const [native, filtered, guest] = times;
  const ns = (number) => number.toFixed(0);
  const to = (peer) => `${ratio(guest, peer).toFixed(2)}x`;
  const spread = [0.1, 0.9].map((q) => ns(quantile(times[2], q))).join("..");
  return [`${call}, ${order}`, ...medians.map(ns), spread, to(native), to(filtered)];
}

/** A program that says how long a block took. */
function ours([program, ...words]) {
  return (call, order) =>
    JSON.parse(execFileSync(program, [...words, call, order, String(COUNT)], { encoding: "utf8" }))
      .nsPerBlock;
}

function fio(disk) {
  return (call, order) => {
    const job = {
      name: "bench",
      filename: disk,
      rw: (order === "random" ? "rand" : "") + call,
      bs: BLOCK,
      size: BLOCK * BLOCKS,
      io_size: BLOCK * COUNT,
      ioengine: "psync",
      invalidate: 0,
      gtod_reduce: 1,
      "output-format": "json",
    };
    const words = Object.entries(job).map(([key, value]) => `--${key}=${value}`);
    const { jobs } = JSON.parse(execFileSync("fio", words, { encoding: "utf8", cwd: work }));
    return 1e9 / jobs[0][call].iops;
  };
}
