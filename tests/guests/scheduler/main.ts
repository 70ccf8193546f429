// The scheduler's own stories, in the order in which things happen.
import {
  all,
  allSettled,
  both,
  CancelledError,
  type Operation,
  oneOf,
  race,
  spawn,
  suspend,
  until,
  yieldNow,
} from "@uk/miou";
import { constant, map, run, sleep, sleepNs } from "@uk/miou-solo5";

const row = (...values: unknown[]): void => console.log(...values);

function* worker(name: string, ms: number): Operation<string> {
  try {
    yield* sleep(ms);
    row(name, "is done");
    return name;
  } finally {
    row(name, "cleans up");
  }
}

const greeting = map([constant("hello"), constant(2)], function* (text, times) {
  yield* sleep(1);
  return text.repeat(times);
});

run([greeting, greeting, constant({ answer: 42 })], function* (text, again, { answer }) {
  row("devices", text, text === again, answer);

  row("-- spawn");
  const tasks = ["a", "b", "c"].map((name) =>
    spawn(function* () {
      row(name, "starts");
      yield* yieldNow();
      row(name, "goes on");
      return name;
    }),
  );
  row("nothing has run");
  for (const task of tasks) row("got", yield* task);

  row("-- sleep order");
  const sleepers = [90, 30, 60].map((ms) => spawn(() => worker(`sleeper ${ms}`, ms)));
  row("all", (yield* all(sleepers)).join());

  row("-- race");
  row("winner", yield* race([spawn(() => worker("slow", 5000)), spawn(() => worker("fast", 20))]));
  row(
    "timeout",
    yield* oneOf([
      spawn(function* () {
        yield* sleep(5);
        return "time is up";
      }),
    ]),
  );

  row("-- allSettled");
  const outcomes = yield* allSettled([
    spawn(function* () {
      return 1;
    }),
    spawn(function* () {
      yield* sleep(5);
      throw new RangeError("no");
    }),
  ]);
  for (const outcome of outcomes)
    row(JSON.stringify(outcome), "error" in outcome ? String(outcome.error) : "");

  row("-- both");
  try {
    yield* both(
      spawn(() => worker("other half", 5000)),
      spawn(function* () {
        yield* sleep(5);
        throw new Error("one half failed");
      }),
    );
  } catch (error) {
    row("caught", (error as Error).message);
  }

  row("-- cancel");
  const victim = spawn(function* () {
    const child = spawn(() => worker("grandchild", 5000));
    try {
      yield* child;
    } finally {
      row("cleanup begins");
      yield* sleep(20);
      row("cleanup may wait");
    }
  });
  yield* sleep(5);
  yield* victim.cancel();
  row("cancelled");
  const outcome = yield* victim.result();
  row("outcome", !outcome.ok && outcome.error instanceof CancelledError);
  const unborn = spawn(function* () {
    row("never runs");
  });
  yield* unborn.cancel();

  row("-- promises");
  row("until", yield* until(Promise.resolve("a value")));
  try {
    yield* until(Promise.reject(new TypeError("a rejection")));
  } catch (error) {
    row("caught", String(error));
  }
  row(
    "async",
    yield* until(
      (async () => {
        await null;
        await Promise.resolve();
        return "functions";
      })(),
    ),
  );

  row("-- suspend");
  row(
    "resumed with",
    yield* suspend<number>((resume) => {
      void Promise.resolve().then(() => resume.ok(7));
    }),
  );
  const thousand = Array.from({ length: 1000 }, (_, i) =>
    spawn(function* () {
      yield* sleepNs(BigInt((i * 7) % 10) * 1_000_000n);
      return i;
    }),
  );
  row(
    "a thousand sleepers",
    (yield* all(thousand)).reduce((sum, n) => sum + n, 0),
  );
  return "the end";
}).then((value) => row("run returned", value));
row("the module ends first");
