// Time of one block of 4 KiB in the page cache: guest, Node and a plain native loop, in one run.
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildNative, machine, median, printTable, quantile, root, tenderPath, uk } from "../lib.mjs";

const ROUNDS = 9;
const COUNT = "100000";
const BLOCK = 4096;
const BLOCKS = 4096;

const work = mkdtempSync(join(root, "bench/block/.work-"));
try {
  uk("build", join(root, "bench/block/guest.ts"), "--out-dir", work);
  const disk = join(work, "disk.img");
  const file = openSync(disk, "w");
  ftruncateSync(file, BLOCK * BLOCKS);
  closeSync(file);
  writeFileSync(disk, Buffer.alloc(BLOCK * BLOCKS, 1));
  const tender = [tenderPath(), "--mem=32", `--block:storage=${disk}`, "--block-sector-size:storage=4096"];
  const peers = [
    { name: "native loop", command: [buildNative("block-loop"), disk] },
    { name: "guest.spt", command: [...tender, join(work, "guest.spt")] },
    { name: "node", command: [process.execPath, join(root, "bench/block/node.mjs"), disk] },
  ];
  console.log(`${machine()}; ns a block of 4 KiB, ${COUNT} blocks, median of ${ROUNDS} interleaved rounds`);
  const rows = [
    ["call", ...peers.map(({ name }) => name), "spread of the guest", "guest/native", "node/native"],
  ];
  for (const call of ["read", "write"])
    for (const order of ["sequential", "random"]) rows.push(row(peers, call, order));
  printTable(rows);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function row(peers, call, order) {
  const times = peers.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [
      index,
      {
        command: [program, ...words],
      },
    ] of peers.entries()) {
      const output = execFileSync(program, [...words, call, order, COUNT], { encoding: "utf8" });
      times[index].push(JSON.parse(output).nsPerBlock);
    }
  const [native, guest, node] = times.map(median);
  const ns = (number) => number.toFixed(0);
  const ratio = (number) => `${(number / native).toFixed(2)}x`;
  const spread = `${ns(quantile(times[1], 0.1))}..${ns(quantile(times[1], 0.9))}`;
  return [`${call}, ${order}`, ns(native), ns(guest), ns(node), spread, ratio(guest), ratio(node)];
}
