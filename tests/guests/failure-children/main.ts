// A task that forgets its child breaks a rule of the scheduler.
import { spawn } from "@uk/miou";
import { run, sleep } from "@uk/miou-solo5";

run([], function* () {
  spawn(function* () {
    try {
      yield* sleep(1000);
    } finally {
      console.log("cleanup of the child");
    }
  });
  yield* sleep(1);
  console.log("main ends");
});
