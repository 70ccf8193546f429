// Both clocks, and that sleep lasts at least as long as asked.
import { clockMonotonic, clockWall, run, sleep } from "@uk/miou-solo5";

run([], function* () {
  let previous = clockMonotonic();
  let backwards = 0;
  for (let i = 0; i < 10_000; i++) {
    const now = clockMonotonic();
    if (now < previous) backwards++;
    previous = now;
  }
  console.log("monotonic went back:", backwards, "times");

  const wall = Number(clockWall() / 1_000_000n);
  console.log("wall clock is after 2026-01-01:", wall > Date.UTC(2026, 0, 1));
  console.log("wall clock agrees with Date.now:", Math.abs(Date.now() - wall) < 2000);
  console.log("wall clock counts nanoseconds:", clockWall() > 10n ** 18n);

  for (const ms of [0, 1, 7.5, 20]) {
    const before = clockMonotonic();
    yield* sleep(ms);
    console.log(`slept ${ms} ms at least:`, clockMonotonic() - before >= BigInt(ms * 1e6));
  }
  const start = performance.now();
  yield* sleep(5);
  console.log("performance.now moves on:", performance.now() - start >= 5);
});
