import {
  addHook,
  allSettled,
  oneOf,
  race,
  self,
  sleep,
  spawn,
  type Task,
  yieldNow,
} from "../../src/index.ts";
import {
  after,
  type Case,
  equal,
  failing,
  failure,
  go,
  ok,
  outcome,
  settle,
  thrown,
  thrownBy,
} from "./kit.ts";

/** 4.2 Parent rules. */
export const parents: readonly Case[] = [
  {
    id: 15,
    name: "a task that returns without consuming its child breaks a rule",
    run() {
      equal(
        failure(function* () {
          spawn(() => after(0, 1));
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: 16,
    name: "so it does when the child has already finished",
    run() {
      equal(
        failure(function* () {
          spawn(() => after(0, 1));
          yield* settle();
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: 17,
    name: "returning the handle of one's own child does not consume it",
    run() {
      equal(
        failure(function* () {
          const middle = spawn(function* () {
            return spawn(() => after(0, 1));
          });
          yield* yield* middle;
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: 18,
    name: "a sibling cannot be awaited",
    run() {
      equal(
        failure(function* () {
          const a = spawn(() => after(3, 1));
          const b = spawn(() => a);
          yield* a;
          yield* b;
        }),
        "NOT_A_CHILD",
      );
    },
  },
  {
    id: 19,
    name: "a handle that travelled to another task cannot be awaited there",
    run() {
      let handle: Task<number> | undefined;
      equal(
        failure(function* () {
          const a = spawn(function* () {
            handle = spawn(() => after(5, 1));
            return yield* handle;
          });
          yield* settle(2);
          const b = spawn(() => handle as Task<number>);
          yield* a;
          yield* b;
        }),
        "NOT_A_CHILD",
      );
    },
  },
  {
    id: 20,
    name: "a sibling cannot be cancelled, and is unaffected",
    run() {
      go(function* () {
        const a = spawn(() => after(4, "a"));
        const b = spawn(() => a.cancel());
        equal(yield* thrownBy(b), "NOT_A_CHILD");
        equal(yield* a, "a");
      });
    },
  },
  {
    id: 21,
    name: "the error of a wrong await can be caught where it happens",
    run() {
      go(function* () {
        const a = spawn(() => after(2, "a"));
        const b = spawn(() => thrownBy(a));
        equal(yield* b, "NOT_A_CHILD");
        equal(yield* a, "a");
      });
    },
  },
  {
    id: 22,
    name: "a task can neither await nor cancel itself",
    run() {
      go(function* () {
        equal(yield* thrownBy(self()), "NOT_A_CHILD");
        equal(yield* thrownBy(self().cancel()), "NOT_A_CHILD");
      });
    },
  },
  {
    id: 23,
    name: "a grandchild cannot be awaited",
    run() {
      go(function* () {
        let grandchild: Task<number> | undefined;
        const child = spawn(function* () {
          grandchild = spawn(() => after(1, 1));
          yield* grandchild;
        });
        yield* child;
        equal(yield* thrownBy(grandchild as Task<number>), "NOT_A_CHILD");
      });
    },
  },
  {
    id: 24,
    name: "a task that fails owes nothing for its children",
    run() {
      const boom = new Error("boom");
      const result = go(function* () {
        return yield* spawn(function* () {
          spawn(() => after(100, 1));
          yield* yieldNow();
          throw boom;
        }).result();
      });
      ok(!result.ok && result.error === boom, "another outcome");
    },
  },
  {
    id: 25,
    name: "a forgotten sleeper is reported at once, not when it would have woken",
    run() {
      let time = 0;
      const now = () => time;
      const events = {
        select: ({ block, deadline }: { block: boolean; deadline: number | undefined }) => {
          if (block && deadline !== undefined) time = deadline;
          return undefined;
        },
      };
      equal(
        failure(
          function* () {
            spawn(() => sleep(10));
          },
          { now, events },
        ),
        "STILL_HAS_CHILDREN",
      );
      ok(time < 10, `the clock went to ${time}`);
    },
  },
  {
    id: 26,
    name: "nothing catches a broken rule",
    run() {
      let caught = "nothing";
      equal(
        failure(function* () {
          const bad = spawn(function* () {
            spawn(() => after(1, 1));
          });
          try {
            yield* bad;
          } catch (error) {
            caught = String(error instanceof Error && error.name);
            throw error;
          }
        }),
        "STILL_HAS_CHILDREN",
      );
      equal(caught, "CancelledError");
    },
  },
  {
    id: 27,
    name: "after a broken rule the cleanup of every task runs before the run ends",
    run() {
      const log: string[] = [];
      equal(
        failure(function* () {
          const sibling = spawn(function* () {
            try {
              yield* sleep(1000);
            } finally {
              yield* yieldNow();
              log.push("sibling");
            }
          });
          const bad = spawn(function* () {
            yield* yieldNow();
            spawn(() => after(1, 1));
          });
          yield* bad;
          yield* sibling;
        }),
        "STILL_HAS_CHILDREN",
      );
      equal(log, ["sibling"]);
    },
  },
  {
    id: 28,
    name: "allSettled checks every handle before it consumes one",
    run() {
      go(function* () {
        const mine = spawn(() => after(1, 1));
        const mine2 = spawn(() => after(1, 2));
        const result = yield* spawn(function* () {
          const own = spawn(() => after(1, 3));
          const error = yield* thrownBy(allSettled([own, mine]));
          yield* own;
          return error;
        });
        equal(result, "NOT_A_CHILD");
        yield* allSettled([mine, mine2]);
      });
      equal(
        failure(function* () {
          const mine = spawn(() => after(1, 1));
          const other = spawn(function* () {
            spawn(() => after(1, 3));
            yield* thrownBy(allSettled([mine]));
          });
          yield* other;
          yield* mine;
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: 29,
    name: "race and oneOf with a foreign handle are refused, and cancel nothing",
    run() {
      go(function* () {
        const foreign = spawn(() => after(5, "foreign"));
        yield* spawn(function* () {
          const own = spawn(() => after(5, "own"));
          equal(yield* thrownBy(race([own, foreign])), "NOT_A_CHILD");
          equal(yield* thrownBy(oneOf([own, foreign])), "NOT_A_CHILD");
          equal(yield* own, "own");
        });
        equal(yield* foreign, "foreign");
      });
    },
  },
  {
    id: 30,
    name: "outside a run nothing can be created, awaited or yielded",
    run() {
      equal(
        thrown(() => spawn(() => after(0, 1))),
        "OUTSIDE_TASK",
      );
      equal(
        thrown(() => [...(yieldNow() as Iterable<unknown>)]),
        "OUTSIDE_TASK",
      );
      equal(
        thrown(() => self()),
        "OUTSIDE_TASK",
      );
      equal(
        thrown(() => addHook(() => {})),
        "OUTSIDE_TASK",
      );
      let handle: Task<number> | undefined;
      go(function* () {
        handle = spawn(() => after(0, 1));
        yield* handle;
      });
      equal(
        thrown(() => [...(handle as unknown as Iterable<unknown>)]),
        "OUTSIDE_TASK",
      );
    },
  },
  {
    id: "30b",
    name: "a violation that follows the root's error is what the run reports",
    run() {
      const result = outcome(function* () {
        const bad = spawn(function* () {
          spawn(() => after(1, 1));
        });
        yield* bad.result();
        yield* failing(new Error("late"));
      });
      ok(
        !result.ok && result.error instanceof Error && result.error.name === "StillHasChildrenError",
        "not the violation",
      );
    },
  },
];
