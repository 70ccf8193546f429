// A unikernel that sleeps uses no CPU: it waits in the tender until its next task is due.
import { clockMonotonic, run, sleep } from "@uk/miou-solo5";

run([], function* () {
  const start = clockMonotonic();
  const seconds = (): number => Number((clockMonotonic() - start) / 1_000_000_000n);
  yield* sleep(1000);
  console.log(`Hello after ${seconds()} s`);
  yield* sleep(1000);
  console.log(`World after ${seconds()} s`);
});
