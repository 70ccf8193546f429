import {
  abortSignal,
  addHook,
  all,
  allSettled,
  Computation,
  Condition,
  call,
  Domain,
  type Events,
  errorTrail,
  Mutex,
  type Operation,
  Orphans,
  oneOf,
  parallel,
  portable,
  Resource,
  race,
  runSync,
  type SelectRequest,
  Semaphore,
  type Signal,
  Syscall,
  self,
  sleep,
  spawn,
  stats,
  sub,
  suspend,
  type Task,
  Trigger,
  timeout,
  trace,
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
  settle,
  thrown,
  thrownBy,
  traced,
} from "./kit.ts";

/** An event source that signals every suspension point given to it, and records what it was asked. */
class Recorder implements Events {
  readonly requests: SelectRequest[] = [];
  readonly pending: Signal[] = [];
  finalized = 0;
  interrupts = 0;

  select(request: SelectRequest): Iterable<Signal> | "exhausted" {
    this.requests.push(request);
    if (!request.block) return [];
    const signals = this.pending.splice(0);
    return signals.length === 0 ? "exhausted" : signals;
  }

  interrupt(): void {
    this.interrupts++;
  }

  finalize(): void {
    this.finalized++;
  }
}

/** 4.8 Events, hooks, runs. */
export const events: readonly Case[] = [
  {
    id: 131,
    name: "hooks run newest first, and one that throws is removed after its first run",
    run() {
      const log: string[] = [];
      traced(() =>
        go(function* () {
          const h1 = addHook(() => log.push("h1"));
          const h2 = addHook(() => {
            log.push("h2");
            throw new Error("hook");
          });
          yield* yieldNow();
          yield* yieldNow();
          h1.remove();
          h2.remove();
          log.push("removed");
          yield* yieldNow();
        }),
      );
      equal(log.filter((entry) => entry === "h2").length, 1);
      equal(log[0], "h2");
      ok(log.filter((entry) => entry === "h1").length >= 2, log.join());
      equal(log.at(-1), "removed");
    },
  },
  {
    id: 133,
    name: "a hook runs at every step",
    run() {
      let count = 0;
      go(function* () {
        const hook = addHook(() => count++);
        yield* yieldNow();
        yield* yieldNow();
        hook.remove();
        hook.remove();
      });
      ok(count >= 2, `${count} runs`);
    },
  },
  {
    id: 134,
    name: "a hook that performs an operation is removed and reported, and the run goes on",
    run() {
      let count = 0;
      const seen = traced(() =>
        go(function* () {
          addHook(() => {
            count++;
            spawn(() => after(0, 1));
          });
          yield* settle(3);
        }),
      );
      equal(count, 1);
      equal(
        seen.filter((event) => event.type === "suppressed").map((event) => codeOf(event.error)),
        ["OUTSIDE_TASK"],
      );
    },
  },
  {
    id: 135,
    name: "a task resumes when the event source returns the signal of its suspension point",
    run() {
      const source = new Recorder();
      go(
        function* () {
          const syscall = new Syscall("read");
          yield* syscall.suspend(() => source.pending.push(syscall.signal()));
        },
        { events: source },
      );
      equal(source.finalized, 1);
    },
  },
  {
    id: 106,
    name: "a trigger signaled from outside wakes the task that waits on it",
    run() {
      const trigger = new Trigger();
      go(
        function* () {
          yield* trigger;
        },
        {
          events: {
            select() {
              trigger.signal();
              return undefined;
            },
          },
        },
      );
    },
  },
  {
    id: 136,
    name: "a signal before the wait, a second one, and a late one lose nothing and do no harm",
    run() {
      const signals: Signal[] = [];
      go(
        function* () {
          const early = new Syscall();
          signals.push(early.signal(), early.signal());
          const other = spawn(function* () {
            const syscall = new Syscall();
            signals.push(syscall.signal());
            yield* syscall.suspend();
          });
          yield* settle(5);
          yield* early.suspend();
          yield* other;
        },
        { events: { select: () => signals } },
      );
    },
  },
  {
    id: 137,
    name: "a parent that throws does not wait for its sleeping child",
    run() {
      for (const fails of [true, false]) {
        let time = 0;
        const result = thrownOrNot(() =>
          runSync(
            function* () {
              const child = spawn(() => sleep(1));
              yield* yieldNow();
              if (fails) throw new Error("parent");
              yield* child;
            },
            {
              now: () => time,
              events: {
                select({ block, deadline }) {
                  if (block && deadline !== undefined) time = deadline;
                  return undefined;
                },
              },
            },
          ),
        );
        equal([result, time], fails ? ["parent", 0] : ["ok", 1]);
      }
    },
  },
  {
    id: 138,
    name: "two sleeps of five ticks take five",
    run() {
      let time = 0;
      runSync(
        function* () {
          yield* allSettled([spawn(() => sleep(5)), spawn(() => sleep(5))]);
        },
        {
          now: () => time,
          events: {
            select({ block, deadline }) {
              if (block && deadline !== undefined) time = deadline;
              return undefined;
            },
          },
        },
      );
      equal(time, 5);
    },
  },
  {
    id: 141,
    name: "select may block only when nothing is ready, and the source is finalized once",
    run() {
      const source = new Recorder();
      let computing = true;
      const seen: boolean[] = [];
      go(
        function* () {
          const waiter = spawn(function* () {
            const syscall = new Syscall();
            yield* syscall.suspend(() => source.pending.push(syscall.signal()));
          });
          for (let i = 0; i < 10; i++) {
            yield* yieldNow();
            seen.push(...source.requests.splice(0).map((request) => request.block));
          }
          computing = false;
          equal(seen.includes(true), false);
          ok(seen.length > 3, "not polled while a task computes");
          yield* waiter;
        },
        { events: source },
      );
      ok(!computing && source.requests.at(-1)?.block === true, "never blocked");
      equal(source.finalized, 1);
    },
  },
  {
    id: 142,
    name: "the number of a wait given up is told to the next select; disarm is called at once",
    run() {
      const source = new Recorder();
      const log: unknown[] = [];
      let uid = 0;
      go(
        function* () {
          const kept = spawn(function* () {
            const syscall = new Syscall();
            yield* syscall.suspend(() => source.pending.push(syscall.signal()));
          });
          const gone = spawn(function* () {
            const syscall = new Syscall();
            uid = syscall.uid;
            yield* syscall.suspend();
          });
          const suspended = spawn(() => suspend<void>(() => (undelivered) => log.push(undelivered)));
          yield* settle(3);
          yield* suspended.cancel();
          equal(log, [undefined]);
          source.requests.length = 0;
          yield* gone.cancel();
          yield* kept;
        },
        { events: source },
      );
      equal(source.requests.find((request) => request.cancelled.length > 0)?.cancelled, [uid]);
    },
  },
  {
    id: 143,
    name: "an error of select ends the run, after cleanup, and the source is finalized",
    run() {
      const log: string[] = [];
      equal(
        failure(
          function* () {
            try {
              yield* suspend(() => {});
            } finally {
              yield* yieldNow();
              log.push("cleanup");
            }
          },
          {
            events: {
              select() {
                throw new Error("select");
              },
              finalize() {
                log.push("finalized");
              },
            },
          },
        ),
        "select",
      );
      equal(log, ["cleanup", "finalized"]);
    },
  },
  {
    id: 144,
    name: "what arm throws reaches the caller, who does not wait",
    run() {
      go(function* () {
        const boom = (): never => {
          throw new Error("arm");
        };
        equal(yield* thrownBy(suspend(boom)), "arm");
        equal(yield* thrownBy(new Syscall().suspend(boom)), "arm");
        equal(stats().externals, 0);
      });
    },
  },
  {
    id: 145,
    name: "a suspension point cannot be used by another task, nor twice",
    run() {
      go(
        function* () {
          const syscall = new Syscall();
          yield* spawn(function* () {
            equal(
              thrown(() => syscall.suspend()),
              "TypeError",
            );
          });
          yield* syscall.suspend(() => source.pending.push(syscall.signal()));
          equal(
            thrown(() => syscall.suspend()),
            "TypeError",
          );
        },
        { events: source },
      );
    },
  },
  {
    id: 146,
    name: "without an event source, a task that waits for the outside ends the run, after cleanup",
    run() {
      const log: string[] = [];
      equal(
        thrown(() =>
          runSync(function* () {
            try {
              yield* suspend(() => {});
            } finally {
              yield* yieldNow();
              log.push("cleanup");
            }
          }),
        ),
        "NO_EVENTS",
      );
      equal(
        thrown(() => runSync(() => sleep(1e6))),
        "NO_EVENTS",
      );
      equal(log, ["cleanup"]);
    },
  },
  {
    id: 147,
    name: "a root that waits for what nobody completes is a deadlock, which names the waiting tasks",
    run() {
      const log: string[] = [];
      for (const run of [go, runSync]) {
        try {
          run(function* () {
            try {
              yield* spawn(() => new Computation<void>(), { name: "stuck" });
            } finally {
              log.push("cleanup");
            }
          });
        } catch (error) {
          log.push(codeOf(error));
          ok(error instanceof Error && error.message.includes("(stuck) (Computation)"), String(error));
        }
      }
      equal(log, ["cleanup", "DEADLOCK", "cleanup", "DEADLOCK"]);
    },
  },
  {
    id: "147b",
    name: "a source that can never wake anybody says so, and the run is a deadlock",
    run() {
      equal(
        failure(() => suspend(() => {})),
        "DEADLOCK",
      );
    },
  },
  {
    id: "147c",
    name: "a deadlock whose cleanup is stuck as well still ends",
    run() {
      equal(
        failure(function* () {
          try {
            yield* new Trigger();
          } finally {
            yield* new Trigger();
          }
        }),
        "DEADLOCK",
      );
    },
  },
  {
    id: 148,
    name: "yielding something that is not an operation throws there, with a hint",
    run() {
      go(function* () {
        for (const [value, hint] of [
          [Promise.resolve(), "yield* until(promise)"],
          [() => {}, "yield* fn()"],
          [undefined, "yield* operation"],
          [yieldNow(), "yield* operation"],
        ] as const) {
          try {
            yield value as never;
          } catch (error) {
            ok(error instanceof TypeError && error.message.includes(hint), String(error));
            continue;
          }
          throw new Error(`accepted ${String(value)}`);
        }
        const child = spawn((async () => {}) as unknown as () => Operation<void>);
        const result = yield* child.result();
        ok(
          !result.ok && result.error instanceof TypeError && result.error.message.includes("until"),
          "no hint",
        );
      });
    },
  },
  {
    id: 153,
    name: "runSync inside a task is refused",
    run() {
      go(function* () {
        equal(
          thrown(() => runSync(() => after(0, 1))),
          "TypeError",
        );
      });
    },
  },
  {
    id: 154,
    name: "runs follow one another, each with its own value or error",
    run() {
      for (let i = 0; i < 3; i++)
        equal(
          go(() => after(1, 42)),
          42,
        );
      equal(
        failure(() => failing(new Error("boom"))),
        "boom",
      );
      equal(
        go(() => after(1, 42)),
        42,
      );
    },
  },
  {
    id: 155,
    name: "call and parallel need another domain, and the core has none",
    run() {
      go(function* () {
        const fn = portable("", "f", (n: number) => after(0, n));
        equal(
          thrown(() => call(fn, 1)),
          "NO_DOMAIN_AVAILABLE",
        );
        equal(yield* thrownBy(parallel(fn, [1])), "NO_DOMAIN_AVAILABLE");
        equal([Domain.self(), Domain.available(), Domain.all()], [0, 0, []]);
      });
    },
  },
  {
    id: 165,
    name: "a parent that throws does not wait for a sleeping child",
    run() {
      let slept = false;
      equal(
        failure(function* () {
          spawn(function* () {
            yield* sleep(1000);
            slept = true;
          });
          yield* yieldNow();
          throw new Error("p");
        }),
        "p",
      );
      ok(!slept, "the child slept");
    },
  },
  {
    id: 170,
    name: "sleepers wake in order of deadline, then of creation",
    run() {
      const log: string[] = [];
      go(function* () {
        const tasks = [30, 10, 20, 0, 10].map((ms, i) =>
          spawn(function* () {
            yield* sleep(ms);
            log.push(`${ms}/${i}`);
          }),
        );
        yield* allSettled(tasks);
      });
      equal(log, ["0/3", "10/1", "10/4", "20/2", "30/0"]);
    },
  },
  {
    id: 171,
    name: "sleepers that are all late wake in order of deadline too",
    run() {
      const log: number[] = [];
      let time = 0;
      runSync(
        function* () {
          const tasks = [3, 1, 2].map((ms) =>
            spawn(function* () {
              yield* sleep(ms);
              log.push(ms);
            }),
          );
          yield* yieldNow();
          time = 20;
          yield* allSettled(tasks);
        },
        { now: () => time, events: { select: () => undefined } },
      );
      equal(log, [1, 2, 3]);
    },
  },
  {
    id: 172,
    name: "a sleeper that is cancelled leaves no timer",
    run() {
      go(function* () {
        const sleeper = spawn(() => sleep(10_000));
        yield* yieldNow();
        equal(stats().sleeping, 1);
        yield* sleeper.cancel();
        equal(stats().sleeping, 0);
      });
    },
  },
  {
    id: 210,
    name: "a sleeper is due when the clock stands exactly at its deadline",
    run() {
      let time = 0;
      runSync(() => sleep(5), {
        now: () => time,
        events: {
          select: () => {
            time = 5;
            return undefined;
          },
        },
      });
    },
  },
  {
    id: 211,
    name: "a sleep of zero lets others run; a negative one or NaN is refused",
    run() {
      const log: string[] = [];
      go(function* () {
        const other = spawn(function* () {
          log.push("other");
        });
        yield* sleep(0);
        log.push("main");
        yield* other;
      });
      equal(log, ["other", "main"]);
      equal(
        thrown(() => sleep(-1)),
        "RangeError",
      );
      equal(
        thrown(() => sleep(Number.NaN)),
        "RangeError",
      );
    },
  },
  {
    id: "TO1",
    name: "timeout gives the value, the error, or TimeoutError after the cleanup",
    run() {
      const log: string[] = [];
      go(function* () {
        equal(yield* timeout(10, () => after(3, "value")), "value");
        equal(yield* thrownBy(timeout(10, () => failing(new Error("x"), 2))), "x");
        const slow = timeout(10, function* () {
          try {
            yield* sleep(100);
          } finally {
            yield* yieldNow();
            log.push("cleanup");
          }
        });
        equal(yield* thrownBy(slow), "TIMEOUT");
        log.push("timed out");
        equal(stats().sleeping, 0);
      });
      equal(log, ["cleanup", "timed out"]);
    },
  },
  {
    id: "TO2",
    name: "timeout acts for its caller: children of that are awaited, joined and cancelled in it, and outlast the deadline",
    run() {
      const log: string[] = [];
      go(function* () {
        const orphans = new Orphans<number>();
        const children = [1, 2, 3].map((ms) => spawn(() => late(ms)));
        function* late(ms: number): Operation<number> {
          try {
            yield* sleep(ms);
            return ms;
          } finally {
            log.push(`end ${ms}`);
          }
        }
        equal(yield* timeout(10, () => all(children)), [1, 2, 3]);
        equal(yield* timeout(10, () => timeout(9, () => children[0] as Task<number>)), 1);
        const slow = spawn(() => late(50));
        equal(yield* thrownBy(timeout(10, () => slow)), "TIMEOUT");
        equal(yield* thrownBy(timeout(10, () => all([slow]))), "TIMEOUT");
        equal(yield* timeout(10, () => oneOf([slow, spawn(() => late(5))])), 5);
        equal(slow.state, "running");
        yield* timeout(10, () => slow.cancel());
        spawn(() => late(4), { orphans });
        equal(yield* timeout(10, () => orphans.next()), { ok: true, value: 4 });
        // Joined with one of its own.
        const other = spawn(() => late(20));
        equal(yield* timeout(10, () => race([spawn(() => late(6)), other])), 6);
        equal(other.state, "exited");
        // What it hands over is awaited outside, and a child that it forgets is its caller's.
        const handed = yield* timeout(10, function* () {
          return spawn(() => late(7));
        });
        equal(yield* handed, 7);
        equal(yield* thrownBy(timeout(10, () => self() as Task<number>)), "NOT_A_CHILD");
      });
      equal(log, ["end 1", "end 2", "end 3", "end 5", "end 50", "end 4", "end 6", "end 20", "end 7"]);
      equal(
        failure(function* () {
          yield* timeout(10, function* () {
            spawn(() => sleep(1));
          });
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: "TO3",
    name: "what the caller of timeout holds is used in it, and what is taken in it is the caller's",
    run() {
      const log: string[] = [];
      go(function* () {
        const [mutex, condition, semaphore] = [new Mutex(), new Condition(), new Semaphore(1)];
        yield* timeout(10, () => mutex.lock());
        equal(yield* thrownBy(timeout(10, () => mutex.lock())), "TypeError");
        // Late for the signal, it holds the mutex again.
        equal(yield* thrownBy(timeout(10, () => condition.wait(mutex))), "TIMEOUT");
        equal(mutex.tryLock(), false);
        const signaller = spawn(function* () {
          yield* mutex.protect(function* () {
            condition.signal();
          });
        });
        yield* timeout(10, () => condition.wait(mutex));
        yield* timeout(10, function* () {
          mutex.unlock();
        });
        yield* signaller;
        equal(mutex.isLocked, false);
        const file = new Resource("file", () => log.push("closed")).own();
        yield* timeout(10, function* () {
          equal(file.value, "file");
          file.release();
        });
        const taken = yield* timeout(10, function* () {
          return new Resource("taken", () => log.push("taken closed")).own();
        });
        equal(taken.value, "taken");
        taken.release();
        equal(
          yield* thrownBy(
            timeout(10, function* () {
              new Resource("lost", () => log.push("lost closed")).own();
              yield* mutex.lock();
              yield* sleep(20);
            }),
          ),
          "TIMEOUT",
        );
        equal([mutex.isLocked, semaphore.available], [false, 1]);
      });
      equal(log, ["closed", "taken closed", "lost closed"]);
    },
  },
  {
    id: "TO4",
    name: "cleanup in a timeout may cancel and await children of the caller, also when that is cancelled itself",
    run() {
      for (const how of ["cancel", "await"] as const) {
        const log: string[] = [];
        go(function* () {
          const caller = spawn(function* () {
            const child = spawn(function* () {
              try {
                yield* sleep(1000);
              } finally {
                yield* sleep(3);
                log.push("child");
              }
            });
            yield* timeout(100, function* () {
              try {
                yield* sleep(1000);
              } finally {
                if (how === "cancel") yield* child.cancel();
                else log.push(yield* thrownBy(child));
                log.push("scope");
              }
            });
          });
          yield* sleep(5);
          yield* caller.cancel();
          log.push("cancelled");
        });
        const seen = how === "cancel" ? [] : ["CANCELLED"];
        equal(log, ["child", ...seen, "scope", "cancelled"]);
      }
    },
  },
  {
    id: "SU1",
    name: "sub nests ten thousand deep, and errors and cancellations unwind every frame",
    run() {
      let unwound = 0;
      function* deep(n: number): Operation<number> {
        try {
          if (n === 0) {
            yield* yieldNow();
            return 0;
          }
          return 1 + (yield* sub(deep(n - 1)));
        } finally {
          unwound++;
        }
      }
      function* bottom(n: number, last: Operation<unknown>): Operation<void> {
        try {
          yield* n === 0 ? last : sub(bottom(n - 1, last));
        } finally {
          yield* yieldNow();
          unwound++;
        }
      }
      go(function* () {
        equal(yield* deep(10_000), 10_000);
        equal(unwound, 10_001);
        unwound = 0;
        equal(yield* thrownBy(bottom(1000, failing(new Error("bottom")))), "bottom");
        equal(unwound, 1001);
        unwound = 0;
        const child = spawn(() => bottom(1000, forever()));
        yield* settle(3);
        yield* child.cancel();
        equal(unwound, 1001);
      });
    },
  },
  {
    id: "TR1",
    name: "the trace tells of lost errors, and the error trail of the tasks an error went through",
    run() {
      const boom = new Error("boom");
      const lost: string[] = [];
      const subscription = trace.subscribe((event) => {
        if (event.type === "lost_error") lost.push(codeOf(event.error));
      });
      try {
        go(function* () {
          const parent = spawn(
            function* () {
              spawn(() => failing(new Error("lost")));
              yield* settle();
              yield* spawn(() => failing(boom), { name: "inner" });
            },
            { name: "outer" },
          );
          yield* thrownBy(parent);
        });
      } finally {
        subscription.unsubscribe();
      }
      equal(lost, ["lost"]);
      const trail = errorTrail(boom);
      equal(trail.length, 2);
      ok(trail[0]?.includes("(inner)") === true && trail[1]?.includes("(outer)") === true, trail.join());
    },
  },
  {
    id: "S9",
    name: "the same program, seed and order give the same trace",
    run() {
      const once = (seed: number): string => {
        let base = 0;
        return traced(() =>
          go(
            function* () {
              const tasks = [1, 2, 3, 4].map((n) => spawn(() => after(n, n)));
              yield* allSettled(tasks);
            },
            { seed, order: "random" },
          ),
        )
          .map((event) => {
            if (event.task === undefined) return event.type;
            base ||= event.task.uid;
            return `${event.type} ${event.task.uid - base}`;
          })
          .join();
      };
      equal(once(7), once(7));
      ok(new Set([1, 2, 3, 4, 5].map(once)).size > 1, "the seed changes nothing");
    },
  },
  {
    id: "AB1",
    name: "abortSignal is aborted before a cancelled task sees its cancellation, and when a task ends",
    run() {
      if ((globalThis as { AbortController?: unknown }).AbortController === undefined) return;
      go(function* () {
        let aborted: boolean | undefined;
        const child = spawn(function* () {
          const signal = abortSignal();
          ok(signal === abortSignal(), "not the same signal");
          try {
            yield* forever();
          } finally {
            aborted = signal.aborted;
          }
        });
        yield* settle(2);
        yield* child.cancel();
        equal(aborted, true);
        const signal = yield* spawn(function* () {
          return abortSignal();
        });
        equal(signal.aborted, true);
      });
    },
  },
];

const source = new Recorder();

function thrownOrNot(fn: () => unknown): string {
  try {
    fn();
    return "ok";
  } catch (error) {
    return codeOf(error);
  }
}
