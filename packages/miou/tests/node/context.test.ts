import { AsyncLocalStorage } from "node:async_hooks";
import { expect, it } from "vitest";
import { type Operation, run, sleep, spawn } from "../../src/index.ts";
import { withContext } from "../../src/node/index.ts";

it("[EL10] a task keeps the AsyncLocalStorage of its creator, in its cleanup and in errors too", async () => {
  const storage = new AsyncLocalStorage<string>();
  const log: (string | undefined)[] = [];
  await run(function* () {
    function* work(): Operation<void> {
      try {
        log.push(storage.getStore());
        yield* sleep(0);
        log.push(storage.getStore());
        yield* sleep(1e9);
      } finally {
        log.push(storage.getStore());
        yield* sleep(0);
        log.push(storage.getStore());
      }
    }
    const tasks = ["a", "b"].map((name) => storage.run(name, () => spawn(withContext(work))));
    while (log.length < 4) yield* sleep(0);
    expect(storage.getStore()).toBe(undefined);
    for (const task of tasks) yield* task.cancel();
    const failing = storage.run("c", () =>
      spawn(
        withContext(function* (): Operation<void> {
          yield* sleep(0);
          throw new Error(storage.getStore());
        }),
      ),
    );
    expect(yield* failing.result()).toMatchObject({ ok: false, error: { message: "c" } });
  });
  expect(log).toEqual(["a", "b", "a", "b", "a", "a", "b", "b"]);
});
