// Frames a second through a TAP, sent back by a guest, by Node and by plain native loops, in one run; the
// processor time of a frame, and its system calls.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildNative, machine, median, printTable, quantile, ratio, root, tenderPath, uk } from "../lib.mjs";

const ROUNDS = 25;
const LOADS = [
  { name: "60 bytes, window 1", size: 60, window: 1, count: 20_000, every: 1 },
  { name: "60 bytes, window 64", size: 60, window: 64, count: 100_000, every: 1 },
  { name: "1514 bytes, window 1", size: 1514, window: 1, count: 20_000, every: 1 },
  { name: "1514 bytes, window 64", size: 1514, window: 64, count: 100_000, every: 1 },
  { name: "1514 bytes, one way", size: 1514, window: 256, count: 128_000, every: 64 },
];
/** Frames until whoever answers is up, and their number while system calls are counted. */
const WARM_UP = 640;
const COUNTED = 12_800;

if (process.argv[2] !== "inside") {
  // A network namespace of its own; its interfaces vanish with it.
  const options = { stdio: "inherit" };
  execFileSync("unshare", ["--net", process.execPath, new URL(import.meta.url).pathname, "inside"], options);
} else {
  await inside();
}

async function inside() {
  const work = mkdtempSync(join(root, "bench/net/.work-"));
  try {
    uk("build", join(root, "bench/net/guest.ts"), "--out-dir", work);
    execFileSync("ip", ["tuntap", "add", "tap0", "mode", "tap"]);
    execFileSync("ip", ["link", "set", "tap0", "up"]);
    const native = buildNative("tap-echo");
    const guest = [tenderPath(), "--mem=32", "--net:service=tap0", join(work, "guest.spt")];
    const peers = [
      { name: "native", command: (every) => [native, "tap0", every] },
      { name: "native, filtered", command: (every) => [native, "tap0", every, "--filter"] },
      { name: "guest.spt", command: (every) => [...guest, every] },
    ];
    const addon = join(root, "packages/solo5-bindings/dist/solo5-bindings.linux-x64-gnu.node");
    const node = [process.execPath, join(root, "bench/net/node.mjs"), "tap0"];
    if (existsSync(addon)) peers.push({ name: "node", command: (every) => [...node, every] });
    else console.log("node: left out, packages/solo5-bindings is not built");
    await compare(peers);
    await countCalls(peers);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Rates and processor times, each peer after the other in every round. */
async function compare(peers) {
  const head = peers.map(({ name }) => name);
  const rates = [["frames a second", ...head, "spread of the guest", "guest/native", "guest/filtered"]];
  const times = [["processor, ns a frame", ...head]];
  for (const load of LOADS) {
    const samples = peers.map(() => []);
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, peer] of peers.entries()) samples[index].push(await sample(peer, load));
    const of = (what) => samples.map((all) => all.map((one) => one[what]));
    const [native, filtered, guest] = of("rate");
    const spread = [0.1, 0.9].map((q) => thousands(quantile(guest, q))).join("..");
    const to = (peer) => `${ratio(guest, peer).toFixed(2)}x`;
    const medians = (what, show) => of(what).map((all) => show(median(all)));
    rates.push([load.name, ...medians("rate", thousands), spread, to(native), to(filtered)]);
    times.push([load.name, ...medians("cpu", (ns) => ns.toFixed(0))]);
  }
  console.log(`${machine()}; medians of ${ROUNDS} interleaved rounds, of ratios as well`);
  printTable(rates);
  console.log();
  printTable(times);
}

function thousands(number) {
  return `${(number / 1000).toFixed(1)}k`;
}

async function sample(peer, load) {
  return answered(peer, load, (pid) => {
    const before = onProcessor(pid);
    const { seconds, frames } = send(load);
    return { rate: frames / seconds, cpu: (onProcessor(pid) - before) / frames };
  });
}

/** System calls of one frame, by `strace -c` of a peer that is up. */
async function countCalls(peers) {
  const rows = [["system calls a frame", ...peers.map(({ name }) => name)]];
  for (const load of LOADS.slice(0, 2)) {
    const cells = [];
    for (const peer of peers)
      cells.push(
        await answered(peer, load, async (pid) => {
          const strace = spawn("strace", ["-f", "-c", "-U", "calls", "-p", String(pid)]);
          let output = "";
          strace.stderr.on("data", (data) => {
            output += data;
          });
          while (!output.includes("attached")) await once(strace.stderr, "data");
          const { frames } = send({ ...load, count: COUNTED });
          strace.kill("SIGINT");
          await once(strace, "close");
          const [, calls] = /(\d+) +total/.exec(output) ?? output.match(/^ +(\d+)$/m) ?? [];
          return (Number(calls) / frames).toFixed(3);
        }),
      );
    rows.push([load.name, ...cells]);
  }
  console.log();
  printTable(rows);
}

/** Starts who answers, waits until it does, measures, and ends it. */
async function answered({ command }, load, measure) {
  const [program, ...words] = command(String(load.every));
  const answering = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] });
  try {
    send({ ...load, count: WARM_UP });
    return await measure(answering.pid);
  } finally {
    answering.kill("SIGKILL");
    await once(answering, "close");
  }
}

function send({ size, window, count, every }) {
  const words = ["tap0", size, window, count, every].map(String);
  return JSON.parse(execFileSync(buildNative("frame-load"), words, { encoding: "utf8" }));
}

/** Nanoseconds that all threads of a process have been on a processor. */
function onProcessor(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const times = tasks.map(
    (task) => readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0],
  );
  return times.map(Number).reduce((sum, time) => sum + time, 0);
}
