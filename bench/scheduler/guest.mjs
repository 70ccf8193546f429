// Measures one case of one contender in a guest: the words of the boot command line are the options. Prints JSON.
// `main.mjs` bundles it with the contender in the place of `contender`.
import { runSync } from "@uk/miou";
import { argv, run } from "@uk/miou-solo5";
import make from "contender";
import { sleepers, time } from "./measure.mjs";

await run([], function* () {}); // a build learns here that there are no devices, and goes no further

const [what, quanta, warmupMs, samples] = argv.slice(-4);
// A guest has its processor to itself: the clock is its processor time.
const cpu = () => performance.now();

if (what === "bytes" || what === "sleepers") {
  const contender = make((main) => run([], main));
  if (what === "bytes") contender.asleep(1e9, (count) => console.log(count));
  else console.log(JSON.stringify(await sleepers(contender, { cpu, count: 10_000 })));
} else {
  // The scheduler without the machine around it: `run` is made to be called once, samples are short.
  const contender = make((main) => runSync(main, { quanta: Number(quanta) }));
  // Samples so short that the host seldom takes the processor away within one: the median is of those it did not.
  const timing = { samples: Number(samples), sampleMs: 2, sizes: { children: 1000, cancel: 100, fib: 10 } };
  const times = await time(contender, what, { cpu, warmupMs: Number(warmupMs), ...timing });
  console.log(JSON.stringify({ times }));
}
