// A task is created now and runs when the scheduler picks it: Hello comes first.
import { spawn } from "@uk/miou";
import { run } from "@uk/miou-solo5";

run([], function* () {
  const world = spawn(function* () {
    console.log("World");
  });
  console.log("Hello");
  yield* world;
});
