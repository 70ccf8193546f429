// Measures one case of one contender in this process: `node --expose-gc child.mjs CONTENDER CASE`. Prints JSON.
import { sleepers, time } from "./measure.mjs";

const [name, what] = process.argv.slice(2);
const WARMUP_MS = 1500;
const timing = {
  samples: 9,
  sampleMs: 60,
  sizes: { children: 100_000, cancel: 1000, fib: 16, parallel: 2000 },
};

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const loadStart = performance.now();
const { default: make } = await import(`./contenders/${name}.mjs`);
const run = name === "miou" ? (await import("@uk/miou")).run : undefined;
const loadMs = performance.now() - loadStart;
const contender = make(run);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const special = {
  async sleepers() {
    const options = { cpu, count: 100_000 };
    await sleepers(contender, options); // warms up
    return sleepers(contender, options);
  },
  /** The longest pause between two ticks of a timer of 1 ms while a million tasks yield. */
  async load() {
    for (const end = performance.now() + WARMUP_MS; performance.now() < end; ) await contender.load(10_000);
    let last = performance.now();
    let worst = 0;
    const tick = () => {
      const now = performance.now();
      worst = Math.max(worst, now - last - 1);
      last = now;
    };
    const timer = setInterval(tick, 1);
    await wait(20);
    worst = 0;
    await contender.load(1_000_000);
    tick();
    clearInterval(timer);
    return { worst };
  },
  async bytes() {
    const count = 100_000;
    const before = heap();
    await new Promise((resolve) => contender.asleep(count, (done) => done === count && resolve()));
    await wait(1);
    return { bytes: (heap() - before) / count };
  },
  load_module: async () => ({ loadMs }),
};

function heap() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

let result;
if (contender[what] === undefined && what !== "bytes" && what !== "load_module") result = null;
else if (what === "bytes" && contender.asleep === undefined) result = null;
else if (Object.hasOwn(special, what)) result = await special[what]();
else result = { times: await time(contender, what, { cpu, warmupMs: WARMUP_MS, ...timing }) };
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
