// A map that grows, in a task.
import { run } from "@uk/miou-solo5";

run([], function* () {
  console.log("before");
  const map = new Map<number, number[]>();
  for (let i = 0; ; i++) map.set(i, [i, i, i, i]);
});
