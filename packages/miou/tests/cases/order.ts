import { allSettled, oneOf, race, spawn, type Task, yieldNow } from "../../src/index.ts";
import { after, type Case, equal, failing, forever, go, ok, settle, thrown } from "./kit.ts";

/** 4.1 Order and waiting. */
export const order: readonly Case[] = [
  {
    id: 1,
    name: "a child starts after its parent suspends",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          log.push("A");
        });
        log.push("B");
        yield* child;
      });
      equal(log, ["B", "A"]);
    },
  },
  {
    id: 2,
    name: "a parent that awaits sees the whole of its child first",
    run() {
      const log: string[] = [];
      go(function* () {
        yield* spawn(function* () {
          log.push("A");
          yield* yieldNow();
          log.push("B");
        });
        log.push("main");
      });
      equal(log, ["A", "B", "main"]);
    },
  },
  {
    id: 3,
    name: "two children that yield alternate",
    run() {
      const log: string[] = [];
      const twice = (name: string) =>
        function* () {
          for (let i = 0; i < 2; i++) {
            yield* yieldNow();
            log.push(name);
          }
        };
      go(function* () {
        yield* allSettled([spawn(twice("a")), spawn(twice("b"))]);
      });
      equal(log, ["a", "b", "a", "b"]);
    },
  },
  {
    id: 4,
    name: "a finished child can be awaited again, with the same value",
    run() {
      const values = go(function* () {
        const child = spawn(() => after(1, { v: 1 }));
        return [yield* child, yield* child];
      });
      ok(values[0] === values[1], "the values differ");
    },
  },
  {
    id: 5,
    name: "values climb from grandchild to main",
    run() {
      equal(
        go(function* () {
          return yield* spawn(function* () {
            return (yield* spawn(() => after(0, 20))) + 1;
          });
        }),
        21,
      );
    },
  },
  {
    id: 6,
    name: "ten thousand children each yield once and return",
    run() {
      const total = go(function* () {
        const tasks: Task<number>[] = [];
        for (let i = 0; i < 10_000; i++) tasks.push(spawn(() => after(1, i)));
        let sum = 0;
        const results = yield* allSettled(tasks);
        for (const result of results) if (result.ok) sum += result.value;
        return sum;
      });
      equal(total, 49_995_000);
    },
  },
  {
    id: 7,
    name: "two thousand nested levels of tasks do not overflow the stack",
    run() {
      function* level(n: number): ReturnType<typeof after<number>> {
        return n === 0 ? 0 : 1 + (yield* spawn(() => level(n - 1)));
      }
      equal(
        go(() => level(2000)),
        2000,
      );
    },
  },
  {
    id: 8,
    name: "two tasks that yield get the same number of turns",
    run() {
      let count = 0;
      go(function* () {
        const a = spawn(function* () {
          for (;;) {
            count++;
            yield* yieldNow();
          }
        });
        yield* spawn(() => after(1000, 0));
        yield* a.cancel();
      });
      ok(Math.abs(count - 1000) <= 2, `counted ${count}`);
    },
  },
  {
    id: 9,
    name: "a quantum of four lets a task complete four operations in a row",
    run() {
      const trail = (quanta: number): string => {
        let log = "";
        go(
          function* () {
            const worker = (name: string) =>
              function* () {
                const done = spawn(() => after(0, 0));
                yield* done;
                for (let i = 0; i < 8; i++) {
                  log += name;
                  yield* done;
                }
              };
            yield* allSettled([spawn(worker("a")), spawn(worker("b"))]);
          },
          { quanta },
        );
        return log;
      };
      equal(trail(1), "abababababababab");
      equal(trail(4), "aaaabbbbaaaabbbb");
    },
  },
  {
    id: 10,
    name: "allSettled answers every outcome in list order, and all run to their end",
    run() {
      const boom = new Error("boom");
      const results = go(() =>
        (function* () {
          const first = spawn(() => after(2, 1));
          const second = spawn(() => failing(boom));
          const third = spawn(() => after(0, 3));
          return yield* allSettled([first, second, third]);
        })(),
      );
      equal(results, [
        { ok: true, value: 1 },
        { ok: false, error: boom },
        { ok: true, value: 3 },
      ]);
    },
  },
  {
    id: 11,
    name: "allSettled of nothing is an empty list; race and oneOf of nothing are refused",
    run() {
      equal(
        go(() => allSettled([])),
        [],
      );
      equal(
        thrown(() => race([])),
        "RangeError",
      );
      equal(
        thrown(() => oneOf([])),
        "RangeError",
      );
    },
  },
  {
    id: 12,
    name: "a failure is invisible to the siblings, and the awaited error is the very object thrown",
    run() {
      const boom = new Error("boom");
      go(function* () {
        const bad = spawn(() => failing(boom));
        const good = spawn(() => after(3, "good"));
        yield* settle(1);
        equal(bad.state, "exited");
        equal(yield* good, "good");
        const result = yield* bad.result();
        ok(!result.ok && result.error === boom, "another error");
      });
    },
  },
  {
    id: "8b",
    name: "a task that never ends does not starve its siblings",
    run() {
      go(function* () {
        const loop = spawn(() => forever());
        equal(yield* spawn(() => after(50, "done")), "done");
        yield* loop.cancel();
      });
    },
  },
];
