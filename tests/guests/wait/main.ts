// Waits for a long time, for tests that end it.
import { run, sleep } from "@uk/miou-solo5";

run([], function* () {
  console.log("waiting");
  yield* sleep(1e9);
});
