// Frames a second through a TAP, sent back by a guest and by a plain native loop, in one run.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildNative, machine, median, printTable, quantile, root, tenderPath, uk } from "../lib.mjs";

const ROUNDS = 7;
const FRAMES = { 1: 20_000, 64: 60_000 };
const SIZES = [60, 1514];

if (process.argv[2] !== "inside") {
  // A network namespace of its own; its interfaces vanish with it.
  execFileSync("unshare", ["--net", process.execPath, new URL(import.meta.url).pathname, "inside"], {
    stdio: "inherit",
  });
} else {
  await inside();
}

async function inside() {
  const work = mkdtempSync(join(root, "bench/net/.work-"));
  try {
    uk("build", join(root, "bench/net/guest.ts"), "--out-dir", work);
    execFileSync("ip", ["tuntap", "add", "tap0", "mode", "tap"]);
    execFileSync("ip", ["link", "set", "tap0", "up"]);
    const image = join(work, "guest.spt");
    const peers = [
      { name: "native loop", command: [buildNative("tap-echo"), "tap0"] },
      { name: "guest.spt", command: [tenderPath(), "--mem=32", "--net:service=tap0", image] },
    ];
    console.log(`${machine()}; frames a second, median of ${ROUNDS} interleaved rounds`);
    const rows = [["size, window", ...peers.map(({ name }) => name), "spread of the guest", "guest/native"]];
    for (const size of SIZES)
      for (const [window, count] of Object.entries(FRAMES)) rows.push(await row(peers, size, window, count));
    printTable(rows);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function row(peers, size, window, count) {
  const rates = peers.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, { command }] of peers.entries())
      rates[index].push(await rate(command, size, window, count));
  const [native, guest] = rates;
  const thousands = (number) => `${(number / 1000).toFixed(1)}k`;
  return [
    `${size} bytes, ${window}`,
    thousands(median(native)),
    thousands(median(guest)),
    `${thousands(quantile(guest, 0.1))}..${thousands(quantile(guest, 0.9))}`,
    `${(median(guest) / median(native)).toFixed(2)}x`,
  ];
}

/** Starts who answers, measures, and ends it. */
async function rate([program, ...words], size, window, count) {
  const answering = spawn(program, words, { stdio: "ignore" });
  try {
    const output = execFileSync(buildNative("frame-load"), ["tap0", String(size), window, String(count)], {
      encoding: "utf8",
    });
    const { seconds, frames } = JSON.parse(output);
    return frames / seconds;
  } finally {
    answering.kill("SIGKILL");
    await new Promise((resolve) => answering.once("close", resolve));
  }
}
