import {
  allSettled,
  CancelledError,
  isCancelled,
  type Operation,
  protect,
  Resource,
  race,
  shield,
  sleep,
  spawn,
  suspend,
  type Task,
  yieldNow,
} from "../../src/index.ts";
import {
  after,
  type Case,
  codeOf,
  equal,
  failing,
  failure,
  forever,
  go,
  ok,
  outcome,
  settle,
  thrownBy,
  traced,
} from "./kit.ts";

/** A node of a tree of tasks: suspends for ever once its children exist, and logs in its `finally`. */
function* node(
  log: string[],
  name: string,
  children: readonly (() => Operation<unknown>)[] = [],
  yields = 0,
): Operation<void> {
  try {
    const tasks = children.map((child) => spawn(child));
    yield* allSettled(tasks);
    yield* sleep(Number.POSITIVE_INFINITY);
  } finally {
    if (yields > 0) log.push(`${name}+`);
    for (let i = 0; i < yields; i++) yield* yieldNow();
    log.push(name);
  }
}

/** root -> (c1 -> (g1, g2), c2 -> g3) */
function tree(log: string[], yields = 0): () => Operation<void> {
  const leaf = (name: string) => () => node(log, name, [], yields);
  const c1 = () => node(log, "c1", [leaf("g1"), leaf("g2")], yields);
  const c2 = () => node(log, "c2", [leaf("g3")], yields);
  return () => node(log, "root", [c1, c2], yields);
}

/** 4.3 Cancellation. */
export const cancellation: readonly Case[] = [
  {
    id: 31,
    name: "a cancelled child need not be mentioned again",
    run() {
      go(function* () {
        yield* spawn(() => forever()).cancel();
      });
    },
  },
  {
    id: 32,
    name: "cancelling a finished child overrides its outcome, not its state",
    run() {
      go(function* () {
        const child = spawn(() => after(0, 1));
        equal(yield* child, 1);
        yield* child.cancel();
        equal(child.state, "finished");
        equal(yield* thrownBy(child), "CANCELLED");
      });
    },
  },
  {
    id: 33,
    name: "a child that finished before it was cancelled has run, and its outcome is the cancellation",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          log.push("ran");
        });
        yield* yieldNow();
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
      });
      equal(log, ["ran"]);
    },
  },
  {
    id: 34,
    name: "cancelling a child whose error was seen replaces that error",
    run() {
      go(function* () {
        const child = spawn(() => failing(new Error("x")));
        equal(yield* thrownBy(child), "x");
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
        equal(child.state, "exited");
      });
    },
  },
  {
    id: 35,
    name: "cancelling a child whose error was not seen replaces that error",
    run() {
      go(function* () {
        const child = spawn(() => failing(new Error("x")));
        yield* settle();
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
      });
    },
  },
  {
    id: 37,
    name: "a task that runs for ever can be cancelled, with its children",
    run() {
      go(function* () {
        const alone = spawn(() => forever());
        yield* settle(3);
        yield* alone.cancel();
        const parent = spawn(function* () {
          spawn(() => forever());
          spawn(() => forever());
          yield* forever();
        });
        yield* settle(3);
        yield* parent.cancel();
      });
    },
  },
  {
    id: 38,
    name: "cleanup has run when cancel returns, ten times over",
    run() {
      let count = 0;
      go(function* () {
        for (let i = 0; i < 10; i++) {
          const child = spawn(function* () {
            count++;
            try {
              yield* forever();
            } finally {
              count--;
            }
          });
          yield* settle(i);
          yield* child.cancel();
          equal(count, 0);
        }
      });
    },
  },
  {
    id: 39,
    name: "a task cancelled before its first step never runs, and what it was given is finalized",
    run() {
      const log: string[] = [];
      go(function* () {
        const resource = new Resource("r", (value) => log.push(`finalized ${value}`)).own();
        const child = spawn(
          function* () {
            log.push("started");
          },
          { give: [resource] },
        );
        yield* child.cancel();
        equal(log, ["finalized r"]);
        equal(yield* thrownBy(child), "CANCELLED");
        equal(child.state, "exited");
        try {
          resource.check();
        } catch (error) {
          log.push(codeOf(error));
        }
      });
      equal(log, ["finalized r", "NOT_OWNER"]);
    },
  },
  {
    id: 40,
    name: "cancelling twice keeps the first reason",
    run() {
      go(function* () {
        const child = spawn(() => forever());
        yield* yieldNow();
        yield* child.cancel({ reason: "first" });
        yield* child.cancel({ reason: "second" });
        const result = yield* child.result();
        ok(
          !result.ok && result.error instanceof CancelledError && result.error.reason === "first",
          "another reason",
        );
      });
    },
  },
  {
    id: 41,
    name: "a body that catches its cancellation and returns is cancelled all the same, and the trace says so",
    run() {
      const events = traced(() =>
        go(function* () {
          const child = spawn(function* () {
            try {
              yield* forever();
            } catch {
              return "swallowed";
            }
          });
          yield* yieldNow();
          yield* child.cancel();
          equal(yield* thrownBy(child), "CANCELLED");
        }),
      );
      ok(
        events.some((event) => event.type === "swallowed"),
        "not traced",
      );
    },
  },
  {
    id: 42,
    name: "a body that catches its cancellation and goes on does so as cleanup, to its end",
    run() {
      let count = 0;
      go(function* () {
        const child = spawn(function* () {
          for (let i = 0; i < 5; i++) {
            try {
              yield* yieldNow();
              yield* yieldNow();
            } catch {}
            count++;
          }
        });
        yield* settle(2);
        yield* child.cancel();
        equal(count, 5);
        equal(yield* thrownBy(child), "CANCELLED");
      });
    },
  },
  {
    id: 43,
    name: "cleanup may suspend, and cancel waits for it",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          try {
            yield* forever();
          } finally {
            log.push("1");
            yield* yieldNow();
            log.push("2");
          }
        });
        yield* yieldNow();
        yield* child.cancel();
        log.push("cancelled");
      });
      equal(log, ["1", "2", "cancelled"]);
    },
  },
  {
    id: 44,
    name: "an error thrown by cleanup is kept aside, and the outcome is the cancellation",
    run() {
      go(function* () {
        const boom = new Error("boom");
        const child = spawn(function* () {
          try {
            yield* forever();
          } finally {
            yield* failing(boom);
          }
        });
        yield* yieldNow();
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
        ok(child.suppressed.length === 1 && child.suppressed[0] === boom, "not suppressed");
      });
    },
  },
  {
    id: 45,
    name: "a tree unwinds in post-order, newest sibling first",
    run() {
      const log: string[] = [];
      go(function* () {
        const root = spawn(tree(log));
        yield* settle();
        yield* root.cancel();
      });
      equal(log, ["g3", "c2", "g2", "g1", "c1", "root"]);
    },
  },
  {
    id: 46,
    name: "when a body throws, its finally runs first, then its descendants unwind, all before its parent resumes",
    run() {
      const log: string[] = [];
      go(function* () {
        const leaf = (name: string) => () => node(log, name);
        const root = spawn(function* () {
          try {
            spawn(() => node(log, "c1", [leaf("g1"), leaf("g2")]));
            spawn(() => node(log, "c2", [leaf("g3")]));
            yield* settle(10);
            throw new Error("boom");
          } finally {
            log.push("root");
          }
        });
        equal(yield* thrownBy(root), "boom");
        log.push("main");
      });
      equal(log, ["root", "g3", "c2", "g2", "g1", "c1", "main"]);
    },
  },
  {
    id: 47,
    name: "a parent's cleanup starts after that of its children has ended, also when it suspends",
    run() {
      const log: string[] = [];
      go(function* () {
        const root = spawn(tree(log, 2));
        yield* settle();
        yield* root.cancel();
        log.push("cancelled");
      });
      equal(log.length, 13);
      const at = (entry: string) => log.indexOf(entry);
      for (const [child, parent] of [
        ["g1", "c1"],
        ["g2", "c1"],
        ["g3", "c2"],
        ["c1", "root"],
        ["c2", "root"],
      ]) {
        ok(at(`${child}+`) < at(`${child}`), `${child} did not end`);
        ok(at(`${child}`) < at(`${parent}+`), `${parent} started before ${child} ended`);
      }
      equal(log.at(-1), "cancelled");
    },
  },
  {
    id: 48,
    name: "other tasks run while a cancellation is under way",
    run() {
      const log: string[] = [];
      go(function* () {
        const a = spawn(function* () {
          try {
            yield* spawn(() => node(log, "K", [], 2));
          } finally {
            log.push("A");
          }
        });
        const b = spawn(function* () {
          for (let i = 0; i < 4; i++) {
            yield* yieldNow();
            log.push("b");
          }
        });
        yield* settle(2);
        yield* a.cancel();
        log.push("cancelled");
        yield* b;
      });
      ok(log.indexOf("b") < log.indexOf("cancelled"), "nothing ran meanwhile");
      ok(
        log.indexOf("K") < log.indexOf("A") && log.indexOf("A") < log.indexOf("cancelled"),
        "cleanup came too late",
      );
    },
  },
  {
    id: 50,
    name: "chains of two hundred and of a hundred thousand nested tasks are cancelled without recursion",
    run() {
      for (const depth of [200, 100_000]) {
        let cleanups = 0;
        function* level(n: number): Operation<void> {
          try {
            if (n > 0) spawn(() => level(n - 1));
            yield* sleep(Number.POSITIVE_INFINITY);
          } finally {
            cleanups++;
          }
        }
        go(function* () {
          const top = spawn(() => level(depth));
          yield* settle(depth + 5);
          yield* top.cancel();
          equal(cleanups, depth + 1);
        });
      }
    },
  },
  {
    id: 51,
    name: "a task cancelled inside its own cancel stops after its child",
    run() {
      const log: string[] = [];
      go(function* () {
        const a = spawn(function* () {
          try {
            const k = spawn(() => node(log, "K", [], 4));
            yield* settle(2);
            yield* k.cancel();
            log.push("not here");
          } finally {
            log.push("A");
          }
        });
        yield* settle(5);
        yield* a.cancel();
        equal(yield* thrownBy(a), "CANCELLED");
      });
      equal(log, ["K+", "K", "A"]);
    },
  },
  {
    id: 52,
    name: "the cancellation of a child is an ordinary failure to its parent",
    run() {
      const log: unknown[] = [];
      go(function* () {
        const parent = spawn(function* () {
          const child = spawn(() => forever());
          yield* child.cancel();
          yield* protect(() => child, {
            finally({ cancelled }) {
              log.push(cancelled);
            },
            onCancelled() {
              log.push("onCancelled");
            },
          });
        });
        const error = yield* thrownBy(
          (function* () {
            try {
              yield* parent;
            } catch (error) {
              log.push(isCancelled(error));
              throw error;
            }
          })(),
        );
        equal(error, "CANCELLED");
        equal(parent.state, "exited");
      });
      equal(log, [false, false]);
    },
  },
  {
    id: 53,
    name: "protect says how it ends: by success, by failure, by cancellation",
    run() {
      const log: string[] = [];
      const watch = (name: string) => ({
        finally: ({ cancelled }: { cancelled: boolean }) => {
          log.push(`${name} finally(${cancelled})`);
        },
        onCancelled: () => {
          log.push(`${name} onCancelled`);
        },
      });
      go(function* () {
        equal(yield* protect(() => after(1, 1), watch("success")), 1);
        equal(yield* thrownBy(protect(() => failing(new Error("x"), 1), watch("failure"))), "x");
        const child = spawn(() => protect(() => forever(), watch("cancel")));
        yield* settle(2);
        yield* child.cancel();
      });
      equal(log, [
        "success finally(false)",
        "failure finally(false)",
        "cancel finally(true)",
        "cancel onCancelled",
      ]);
    },
  },
  {
    id: "53b",
    name: "a cancellation that comes while the finally of protect waits is deferred to its end; the cleanup timeout cuts it",
    run() {
      for (const { how, limit, expected } of [
        { how: "success", limit: undefined, expected: ["released", "onCancelled", "cancelled"] },
        { how: "failure", limit: undefined, expected: ["released", "onCancelled", "cancelled"] },
        { how: "success", limit: 8e6, expected: ["onCancelled", "cancelled"] },
      ]) {
        const log: string[] = [];
        go(
          function* () {
            const task = spawn(function* () {
              yield* protect(() => (how === "success" ? after(0, 1) : failing(new Error("x"))), {
                *finally() {
                  yield* sleep(20);
                  log.push("released");
                },
                onCancelled: () => log.push("onCancelled"),
              });
              log.push("not here");
            });
            yield* sleep(5);
            yield* task.cancel();
            log.push((task as Task<unknown>).state === "exited" ? "cancelled" : "not cancelled");
            equal(yield* thrownBy(task), "CANCELLED");
          },
          limit === undefined ? {} : { cleanupTimeoutNs: limit },
        );
        equal(log, expected);
      }
    },
  },
  {
    id: 54,
    name: "in the finally of a cancelled task its children have already ended",
    run() {
      const log: string[] = [];
      go(function* () {
        const a = spawn(function* () {
          const child = spawn(() => node(log, "child", [], 2));
          try {
            yield* forever();
          } finally {
            log.push(child.state);
          }
        });
        yield* settle(3);
        yield* a.cancel();
      });
      equal(log, ["child+", "child", "exited"]);
    },
  },
  {
    id: 55,
    name: "when main throws, the cleanup of its child runs before the run ends",
    run() {
      const log: string[] = [];
      equal(
        failure(function* () {
          spawn(() => node(log, "child", [], 1));
          yield* settle(2);
          throw new Error("boom");
        }),
        "boom",
      );
      equal(log, ["child+", "child"]);
    },
  },
  {
    id: 56,
    name: "cleanup that suspends inside nested helpers completes, and nothing after them runs",
    run() {
      const log: string[] = [];
      function* inner(): Operation<void> {
        try {
          yield* forever();
        } finally {
          yield* yieldNow();
          log.push("inner");
        }
      }
      function* middle(): Operation<void> {
        yield* inner();
        log.push("after inner");
      }
      go(function* () {
        const child = spawn(function* () {
          yield* middle();
          log.push("after middle");
        });
        yield* yieldNow();
        yield* child.cancel();
      });
      equal(log, ["inner"]);
    },
  },
  {
    id: 57,
    name: "a shield defers the cancellation to its end",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          try {
            yield* shield(function* () {
              yield* yieldNow();
              yield* yieldNow();
              log.push("shielded");
            });
            log.push("not here");
          } finally {
            log.push("finally");
          }
        });
        yield* yieldNow();
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
      });
      equal(log, ["shielded", "finally"]);
    },
  },
  {
    id: "57b",
    name: "a shield defers the cancellation of the children too",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(() =>
          shield(function* () {
            log.push(yield* spawn(() => after(5, "child")));
          }),
        );
        yield* settle(2);
        yield* child.cancel();
      });
      equal(log, ["child"]);
    },
  },
  {
    id: 58,
    name: "force cuts cleanup that waits for ever, and the outer finally blocks run",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          try {
            try {
              yield* forever();
            } finally {
              log.push("inner");
              yield* sleep(Number.POSITIVE_INFINITY);
              log.push("not here");
            }
          } finally {
            log.push("outer");
          }
        });
        yield* yieldNow();
        yield* child.cancel({ force: true });
        equal(yield* thrownBy(child), "CANCELLED");
      });
      equal(log, ["inner", "outer"]);
    },
  },
  {
    id: "58b",
    name: "a cleanup timeout forces what takes longer",
    run() {
      const log: string[] = [];
      go(
        function* () {
          const child = spawn(function* () {
            try {
              yield* forever();
            } finally {
              try {
                yield* sleep(60_000);
                log.push("not here");
              } finally {
                log.push("cut");
              }
            }
          });
          yield* yieldNow();
          yield* child.cancel();
          log.push("cancelled");
        },
        { cleanupTimeoutNs: 5e9 },
      );
      equal(log, ["cut", "cancelled"]);
    },
  },
  {
    id: "58c",
    name: 'with cleanup "sync" a body is closed at its first suspension after the cancellation',
    run() {
      const log: string[] = [];
      go(
        function* () {
          const child = spawn(() => node(log, "child", [], 1));
          yield* yieldNow();
          yield* child.cancel();
        },
        { cleanup: "sync" },
      );
      equal(log, ["child+"]);
    },
  },
  {
    id: "60c",
    name: "the value of a suspension that ended undelivered is handed to its disarm function",
    run() {
      const log: unknown[] = [];
      go(function* () {
        let accept: (socket: string) => void = () => {};
        const child = spawn(() =>
          suspend<string>(({ ok }) => {
            accept = ok;
            return (undelivered) => log.push(undelivered);
          }),
        );
        yield* yieldNow();
        accept("socket");
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
      });
      equal(log, [{ ok: true, value: "socket" }]);
    },
  },
  {
    id: 61,
    name: "a return inside finally does not undo a cancellation",
    run() {
      go(function* () {
        const child = spawn(function* () {
          try {
            yield* forever();
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: this is what is being tested
            return 1;
          }
        });
        yield* yieldNow();
        yield* child.cancel();
        equal(yield* thrownBy(child), "CANCELLED");
      });
    },
  },
  {
    id: 62,
    name: "cleanup may create a task and await it",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          try {
            yield* forever();
          } finally {
            log.push(yield* spawn(() => after(3, "child of cleanup")));
          }
        });
        yield* yieldNow();
        yield* child.cancel();
      });
      equal(log, ["child of cleanup"]);
    },
  },
  {
    id: "62b",
    name: "a task forgotten by cleanup is cancelled when the body ends",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(function* () {
          try {
            yield* forever();
          } finally {
            spawn(() => forever(() => log.push("forgotten")));
            yield* yieldNow();
          }
        });
        yield* yieldNow();
        yield* child.cancel();
      });
      equal(log, ["forgotten"]);
    },
  },
  {
    id: "C4",
    name: "a second cancellation waits for the first, also from another combinator",
    run() {
      const log: string[] = [];
      go(function* () {
        const child = spawn(() => node(log, "child", [], 5));
        yield* settle(2);
        const winner = yield* race([child, spawn(() => after(1, "winner"))]);
        log.push(String(winner));
        yield* (child as Task<unknown>).cancel();
      });
      equal(log, ["child+", "child", "winner"]);
    },
  },
  {
    id: "F9",
    name: "the root's own error survives the cancellation of its children",
    run() {
      const boom = new Error("boom");
      const result = outcome(function* () {
        spawn(() => forever());
        yield* yieldNow();
        throw boom;
      });
      ok(!result.ok && result.error === boom, "another error");
    },
  },
];
