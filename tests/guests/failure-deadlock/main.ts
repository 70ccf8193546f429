// Every task waits and nothing can wake them: the scheduler says so.
import { spawn, suspend } from "@uk/miou";
import { run } from "@uk/miou-solo5";

run([], function* () {
  console.log("before");
  const child = spawn(function* () {
    try {
      yield* suspend(() => {});
    } finally {
      console.log("cleanup of the child");
    }
  });
  try {
    yield* child;
  } finally {
    console.log("cleanup of the parent");
  }
});
