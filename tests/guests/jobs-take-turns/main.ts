// Jobs of the engine without end keep neither tasks nor the end of the program waiting. On Node, promises do.
import { spawn } from "@uk/miou";
import { run, sleep } from "@uk/miou-solo5";

run([], function* () {
  let cleanups = 0;
  const watch = new FinalizationRegistry<number>((n) => {
    cleanups++;
    watch.register({}, n + 1);
  });
  watch.register({}, 0);
  console.log("before");
  for (let n = 0; n < 1000 && cleanups < 20; n++) yield* sleep(1);
  console.log("a registry that registers again has had turns, and so has the task:", cleanups >= 20);

  let reactions = 0;
  let going = true;
  (async () => {
    for (; going; reactions++) await undefined;
  })();
  const other = spawn(function* () {
    yield* sleep(5);
    return "another task";
  });
  for (let n = 0; n < 1000 && reactions < 1000; n++) yield* sleep(1);
  console.log("a chain of promises has had turns, and so has the task:", reactions >= 1000);
  console.log(yield* other);
  going = false;

  let settled = 0;
  for (let n = 0; n < 10_000; n++) Promise.resolve().then(() => settled++);
  for (let n = 0; n < 1000 && settled < 10_000; n++) yield* sleep(1);
  console.log("reactions that were there have all run:", settled);
});
