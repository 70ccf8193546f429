// A rejected promise without a handler ends the guest, though the program could go on.
import { run, sleep } from "@uk/miou-solo5";

async function fetchConfig(): Promise<never> {
  await null;
  throw new Error("nobody handles this");
}

run([], function* () {
  console.log("before");
  void fetchConfig();
  yield* sleep(50);
  console.log("never");
});
