import { ensure, Resource, race, sleep, spawn, type Task, yieldNow } from "../../src/index.ts";
import {
  after,
  type Case,
  equal,
  failing,
  failure,
  forever,
  go,
  ok,
  settle,
  thrown,
  thrownBy,
  traced,
} from "./kit.ts";

function logged(log: unknown[], name: string): Resource<string> {
  return new Resource(name, (value) => {
    log.push(value);
  });
}

/** 4.6 Resources. */
export const resources: readonly Case[] = [
  {
    id: 88,
    name: "a task that fails has its resource finalized",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const child = spawn(function* () {
          logged(log, "r").own();
          yield* failing(new Error("boom"), 1);
        });
        equal(yield* thrownBy(child), "boom");
      });
      equal(log, ["r"]);
    },
  },
  {
    id: 89,
    name: "a task that returns with a resource breaks a rule, and the finalizer runs",
    run() {
      const log: unknown[] = [];
      equal(
        failure(function* () {
          yield* spawn(function* () {
            logged(log, "r").own();
          });
        }),
        "RESOURCE_LEAKED",
      );
      equal(log, ["r"]);
    },
  },
  {
    id: 90,
    name: "a disowned resource is never finalized",
    run() {
      const log: unknown[] = [];
      go(function* () {
        logged(log, "r").own().disown();
      });
      equal(log, []);
    },
  },
  {
    id: 91,
    name: "the rule holds for the root",
    run() {
      equal(
        failure(function* () {
          logged([], "r").own();
        }),
        "RESOURCE_LEAKED",
      );
    },
  },
  {
    id: 92,
    name: "finalizers run newest first, after the body's finally; one that throws changes nothing",
    run() {
      const log: unknown[] = [];
      traced(() =>
        go(function* () {
          const child = spawn(function* () {
            try {
              logged(log, "1").own();
              new Resource("2", (value) => {
                log.push(value);
                throw new Error("finalizer");
              }).own();
              logged(log, "3").own();
              yield* yieldNow();
              throw new Error("body");
            } finally {
              log.push("finally");
            }
          });
          equal(yield* thrownBy(child), "body");
        }),
      );
      equal(log, ["finally", "3", "2", "1"]);
    },
  },
  {
    id: 93,
    name: "misuse is refused: owning twice, letting go of what is not held, transfer at the root",
    run() {
      go(function* () {
        const r = logged([], "r").own();
        equal(
          thrown(() => r.own()),
          "TypeError",
        );
        equal(
          thrown(() => r.transfer()),
          "TypeError",
        );
        yield* spawn(function* () {
          for (const call of ["check", "disown", "release", "transfer"] as const) {
            equal(
              thrown(() => r[call]()),
              "NOT_OWNER",
            );
          }
          equal(
            thrown(() => r.value),
            "NOT_OWNER",
          );
        });
        equal(r.value, "r");
        r.release();
      });
    },
  },
  {
    id: 94,
    name: "the error of a finalizer reaches the caller of release, and it has run once",
    run() {
      let count = 0;
      go(function* () {
        const child = spawn(function* () {
          const r = new Resource("r", () => {
            count++;
            throw new Error("finalizer");
          }).own();
          yield* yieldNow();
          r.release();
        });
        equal(yield* thrownBy(child), "finalizer");
      });
      equal(count, 1);
    },
  },
  {
    id: 95,
    name: "a resource goes to a child and comes back",
    run() {
      go(function* () {
        const r = logged([], "r").own();
        const child = spawn(
          function* () {
            r.check();
            yield* yieldNow();
            r.transfer();
          },
          { give: [r] },
        );
        equal(
          thrown(() => r.check()),
          "NOT_OWNER",
        );
        yield* child;
        r.check();
        r.release();
      });
    },
  },
  {
    id: 96,
    name: "what is not held cannot be given, and no child is created",
    run() {
      go(function* () {
        const r = logged([], "r");
        equal(
          thrown(() => spawn(() => after(1, 1), { give: [r] })),
          "NOT_OWNER",
        );
      });
    },
  },
  {
    id: 97,
    name: "a child that fails finalizes what it was given",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const r = logged(log, "r").own();
        const child = spawn(() => failing(new Error("boom")), { give: [r] });
        equal(yield* thrownBy(child), "boom");
        equal(log, ["r"]);
        equal(
          thrown(() => r.check()),
          "NOT_OWNER",
        );
      });
    },
  },
  {
    id: 98,
    name: "a resource climbs from a grandchild to main, and is finalized at the release",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const r = logged(log, "r");
        yield* spawn(function* () {
          yield* spawn(function* () {
            r.own().transfer();
          });
          r.transfer();
        });
        equal(log, []);
        r.release();
        equal(log, ["r"]);
      });
    },
  },
  {
    id: 99,
    name: "when a parent fails, the child's resource is finalized before the parent's",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const parent = spawn(function* () {
          logged(log, "parent").own();
          spawn(function* () {
            logged(log, "child").own();
            yield* forever();
          });
          yield* settle(3);
          throw new Error("boom");
        });
        equal(yield* thrownBy(parent), "boom");
      });
      equal(log, ["child", "parent"]);
    },
  },
  {
    id: 100,
    name: "of a leak and an unconsumed child, the leak is reported",
    run() {
      equal(
        failure(function* () {
          logged([], "r").own();
          spawn(() => after(1, 1));
        }),
        "RESOURCE_LEAKED",
      );
    },
  },
  {
    id: 101,
    name: "a finalizer that tries to wait or to spawn is reported, and the outcome unchanged",
    run() {
      const events = traced(() =>
        go(function* () {
          const child = spawn(function* () {
            new Resource("r", () => {
              spawn(() => after(1, 1));
            }).own();
            new Resource("r", function* () {
              yield* sleep(1);
            } as () => void).own();
            yield* failing(new Error("boom"), 1);
          });
          equal(yield* thrownBy(child), "boom");
        }),
      );
      equal(events.filter((event) => event.type === "suppressed").length, 2);
    },
  },
  {
    id: 102,
    name: "a socket given to a racer comes back when it wins, and is closed when it loses",
    run() {
      for (const [work, expected] of [
        [5, "held"],
        [50, "closed"],
      ] as const) {
        const log: unknown[] = [];
        go(function* () {
          const socket = logged(log, "closed").own();
          const worker: Task<string> = spawn(
            function* () {
              yield* sleep(work);
              socket.transfer();
              return "done";
            },
            { give: [socket] },
          );
          yield* race<unknown>([worker, spawn(() => sleep(10))]);
          if (log.length === 0) {
            socket.release();
            log[0] = "held";
          }
        });
        equal(log, [expected]);
      }
    },
  },
  {
    id: "R11",
    name: "disposing of a resource releases it once",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const r = logged(log, "r").own();
        r[Symbol.dispose]();
        r[Symbol.dispose]();
      });
      equal(log, ["r"]);
    },
  },
  {
    id: "EN1",
    name: "ensure callbacks run last in first out, may wait, and come before the checks",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const r = logged(log, "r").own();
        ensure(() => r.release());
        ensure(function* () {
          yield* yieldNow();
          log.push("second");
        });
        log.push("body");
      });
      equal(log, ["body", "second", "r"]);
    },
  },
  {
    id: "EN2",
    name: "ensure callbacks of a cancelled task run after its children have ended, and complete",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const child = spawn(function* () {
          logged(log, "resource").own();
          spawn(() => forever(() => log.push("child")));
          ensure(function* () {
            yield* settle(3);
            log.push("ensure");
          });
          try {
            yield* forever();
          } finally {
            log.push("finally");
          }
        });
        yield* settle(2);
        yield* child.cancel();
      });
      equal(log, ["child", "finally", "ensure", "resource"]);
    },
  },
  {
    id: "EN3",
    name: "an ensure callback that throws fails a task that returned, and never hides an error",
    run() {
      go(function* () {
        const returned = spawn(function* () {
          ensure(() => {
            throw new Error("cleanup");
          });
        });
        equal(yield* thrownBy(returned), "cleanup");
        const failed = spawn(function* () {
          ensure(() => {
            throw new Error("cleanup");
          });
          yield* failing(new Error("body"), 1);
        });
        equal(yield* thrownBy(failed), "body");
        equal(failed.suppressed.length, 1);
      });
    },
  },
  {
    id: "EN4",
    name: "a forced cancellation still begins every ensure callback",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const child = spawn(function* () {
          ensure(() => {
            log.push("first");
          });
          ensure(function* () {
            log.push("second");
            yield* sleep(Number.POSITIVE_INFINITY);
            log.push("not here");
          });
          yield* forever();
        });
        yield* yieldNow();
        yield* child.cancel({ force: true });
        ok(child.state === "exited", child.state);
      });
      equal(log, ["second", "first"]);
    },
  },
];
