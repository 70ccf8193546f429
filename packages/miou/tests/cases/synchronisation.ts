import {
  allSettled,
  Channel,
  Computation,
  Condition,
  isCancelled,
  Lazy,
  Mutex,
  type Operation,
  Queue,
  race,
  Semaphore,
  sleep,
  spawn,
  type Task,
  Trigger,
  yieldNow,
} from "../../src/index.ts";
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
} from "./kit.ts";

/** Every order of `items`. */
function* permutations<T>(items: readonly T[]): Generator<T[], void, undefined> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

/** 4.7 Synchronisation. */
export const synchronisation: readonly Case[] = [
  {
    id: 103,
    name: "of two attach attempts and two signals, in any order, at most one attach wins, exactly when it runs",
    run() {
      for (const order of permutations(["signal", "signal", "attach", "attach"])) {
        const trigger = new Trigger();
        let attached = 0;
        let runs = 0;
        for (const step of order) {
          if (step === "signal") {
            trigger.signal();
            continue;
          }
          const { isSignaled, isInitial } = trigger;
          try {
            const won = trigger.onSignal(() => runs++);
            equal(won, !isSignaled);
            if (won) attached++;
          } catch (error) {
            ok(!isInitial && !isSignaled && error instanceof TypeError, "refused for another reason");
          }
        }
        ok(trigger.isSignaled && attached <= 1, order.join());
        equal(runs, attached);
      }
    },
  },
  {
    id: 104,
    name: "of one return and one failure exactly one wins, and every attached trigger is signaled once, in any order",
    run() {
      for (const order of permutations(["return", "fail", "attach", "attach"])) {
        const computation = new Computation<number>();
        const triggers: Trigger[] = [];
        let wins = 0;
        let attached = 0;
        let signaled = 0;
        for (const step of order) {
          if (step === "return") wins += Number(computation.tryReturn(1));
          else if (step === "fail") wins += Number(computation.tryFail(new Error("x")));
          else {
            const trigger = new Trigger();
            trigger.onSignal(() => signaled++);
            triggers.push(trigger);
            attached += Number(computation.tryAttach(trigger));
          }
        }
        equal([wins, attached], [1, signaled]);
        equal(triggers.filter((trigger) => trigger.isSignaled).length, attached);
      }
    },
  },
  {
    id: 105,
    name: "four triggers attached and detached, in any order, leave nothing behind",
    run() {
      for (const order of permutations([0, 1, 2, 3])) {
        const computation = new Computation<number>();
        const triggers = [0, 1, 2, 3].map(() => new Trigger());
        for (const trigger of triggers) ok(computation.tryAttach(trigger), "not attached");
        for (const i of order) computation.detach(triggers[i] as Trigger);
        ok(
          triggers.every((trigger) => trigger.isSignaled),
          "not signaled",
        );
        equal(computation.attached, 0);
        ok(computation.tryAttach(new Trigger()), "not attached");
        equal(computation.attached, 1);
      }
    },
  },
  {
    id: 107,
    name: "a computing task stops when somebody else fails its computation",
    run() {
      go(function* () {
        const computation = new Computation<number>();
        let rounds = 0;
        const worker = spawn(() =>
          computation.tryCapture(function* () {
            for (;;) {
              computation.throwIfFailed();
              rounds++;
              yield* yieldNow();
            }
          }),
        );
        yield* settle(5);
        computation.tryFail(new Error("exit"));
        equal(yield* thrownBy(computation), "exit");
        equal(yield* worker, false);
        ok(rounds > 0 && rounds < 10, `${rounds} rounds`);
      });
    },
  },
  {
    id: 108,
    name: "a trigger has one waiter, a second signal does nothing, and a wait after the signal does not wait",
    run() {
      go(function* () {
        const trigger = new Trigger();
        const waiter = spawn(() => trigger);
        yield* yieldNow();
        equal(yield* thrownBy(trigger), "TypeError");
        trigger.signal();
        trigger.signal();
        yield* waiter;
        yield* trigger;
      });
    },
  },
  {
    id: 109,
    name: "an action that throws does so in the signaller, and the trigger is signaled",
    run() {
      const trigger = new Trigger();
      trigger.onSignal(() => {
        throw new Error("action");
      });
      equal(
        thrown(() => trigger.signal()),
        "action",
      );
      ok(trigger.isSignaled, "not signaled");
      equal(
        trigger.onSignal(() => {}),
        false,
      );
    },
  },
  {
    id: 110,
    name: "a canceller copies a failure, and nothing else",
    run() {
      for (const fails of [true, false]) {
        const from = new Computation<number>();
        const into = new Computation<string>();
        from.tryAttach(Computation.canceller(from, into));
        if (fails) from.tryFail(new Error("x"));
        else from.tryReturn(1);
        equal(into.isRunning, !fails);
      }
    },
  },
  {
    id: 111,
    name: "the first completion stands, and nothing attaches afterwards",
    run() {
      const computation = new Computation<number>();
      equal([computation.tryReturn(1), computation.tryFail(new Error("x"))], [true, false]);
      equal(computation.tryAttach(new Trigger()), false);
      equal(computation.peek(), { ok: true, value: 1 });
    },
  },
  {
    id: 112,
    name: "cancelling a waiter leaves the computation running",
    run() {
      go(function* () {
        const computation = new Computation<number>();
        let cleaned = false;
        const waiter = spawn(function* () {
          try {
            yield* computation;
          } finally {
            cleaned = true;
          }
        });
        yield* yieldNow();
        yield* waiter.cancel();
        ok(cleaned && computation.isRunning, "not as expected");
      });
    },
  },
  {
    id: 13,
    name: "the waiters of a computation resume in order of arrival",
    run() {
      const log: number[] = [];
      go(function* () {
        const computation = new Computation<void>();
        const tasks = [1, 2, 3].map((n) =>
          spawn(function* () {
            yield* computation;
            log.push(n);
          }),
        );
        yield* settle(2);
        computation.tryReturn();
        yield* allSettled(tasks);
      });
      equal(log, [1, 2, 3]);
    },
  },
  {
    id: 14,
    name: "a task gets a value from one that is not its child, through a computation",
    run() {
      go(function* () {
        const computation = new Computation<string>();
        const producer = spawn(() => computation.tryCapture(() => after(3, "value")));
        const consumer = spawn(() => computation);
        equal(yield* consumer, "value");
        equal(yield* producer, true);
      });
    },
  },
  {
    id: 113,
    name: "bounded queues of mutex and conditions lose nothing, duplicate nothing, and end",
    run() {
      function* bounded(size: number, count: number): Operation<void> {
        const mutex = new Mutex();
        const notFull = new Condition();
        const notEmpty = new Condition();
        const queue = new Queue<number>();
        const producer = spawn(function* () {
          for (let i = 0; i < count; i++) {
            yield* mutex.protect(function* () {
              yield* notFull.waitUntil(mutex, () => queue.length < size);
              queue.push(i);
              notEmpty.signal();
            });
          }
        });
        const consumer = spawn(function* () {
          for (let i = 0; i < count; i++) {
            const value = yield* mutex.protect(function* () {
              yield* notEmpty.waitUntil(mutex, () => !queue.isEmpty);
              notFull.signal();
              return queue.shift();
            });
            if (value !== i) throw new Error(`expected ${i}, got ${value}`);
          }
        });
        yield* producer;
        yield* consumer;
      }
      go(function* () {
        const a = spawn(() => bounded(20, 10_001));
        const b = spawn(() => bounded(30, 8_001));
        yield* a;
        yield* b;
      });
    },
  },
  {
    id: "113b",
    name: "so do bounded channels",
    run() {
      function* through(capacity: number, count: number): Operation<void> {
        const channel = new Channel<number>(capacity);
        const producer = spawn(function* () {
          for (let i = 0; i < count; i++) yield* channel.send(i);
          channel.close();
        });
        let next = 0;
        const consumer = spawn(function* () {
          for (;;) {
            const value = yield* channel.receive();
            if (value !== next++) throw new Error(`expected ${next - 1}, got ${value}`);
          }
        });
        yield* producer;
        equal(yield* thrownBy(consumer), "CLOSED");
        equal(next, count + 1 - 1);
      }
      go(function* () {
        const tasks = [0, 1, 20].map((capacity) => spawn(() => through(capacity, 1001)));
        for (const task of tasks) yield* task;
      });
    },
  },
  {
    id: 114,
    name: "a mutex is handed over in order of arrival, and nobody overtakes",
    run() {
      const log: number[] = [];
      go(function* () {
        const mutex = new Mutex();
        yield* mutex.lock();
        const tasks = [1, 2, 3, 4].map((n) =>
          spawn(() =>
            mutex.protect(function* () {
              log.push(n);
              yield* yieldNow();
            }),
          ),
        );
        yield* settle(2);
        mutex.unlock();
        equal(mutex.tryLock(), false);
        yield* allSettled(tasks);
      });
      equal(log, [1, 2, 3, 4]);
    },
  },
  {
    id: 115,
    name: "tryLock takes a free mutex, once",
    run() {
      go(function* () {
        const mutex = new Mutex();
        equal([mutex.tryLock(), mutex.tryLock()], [true, false]);
        mutex.unlock();
      });
    },
  },
  {
    id: 116,
    name: "unlocking what is free or somebody else's, and locking twice, are refused",
    run() {
      go(function* () {
        const mutex = new Mutex();
        equal(
          thrown(() => mutex.unlock()),
          "TypeError",
        );
        yield* mutex.lock();
        equal(yield* thrownBy(mutex.lock()), "TypeError");
        yield* spawn(function* () {
          equal(
            thrown(() => mutex.unlock()),
            "TypeError",
          );
        });
        mutex.unlock();
      });
    },
  },
  {
    id: 117,
    name: "a waiter that is cancelled leaves the line",
    run() {
      go(function* () {
        const mutex = new Mutex();
        yield* mutex.lock();
        const first = spawn(() => mutex.protect(() => after(1, "first")));
        const second = spawn(() => mutex.protect(() => after(1, "second")));
        yield* settle(2);
        yield* first.cancel();
        mutex.unlock();
        equal(yield* second, "second");
        equal(mutex.isLocked, false);
      });
    },
  },
  {
    id: 118,
    name: "a waiter that is cancelled after the hand-over passes the mutex on",
    run() {
      go(function* () {
        const mutex = new Mutex();
        yield* mutex.lock();
        const first = spawn(() => mutex.protect(() => after(1, "first")));
        const second = spawn(() => mutex.protect(() => after(1, "second")));
        yield* settle(2);
        mutex.unlock();
        yield* first.cancel();
        equal(yield* thrownBy(first), "CANCELLED");
        equal(yield* second, "second");
        equal(mutex.isLocked, false);
      });
    },
  },
  {
    id: 119,
    name: "unlocking in the finally of a cancelled task works",
    run() {
      go(function* () {
        const mutex = new Mutex();
        const child = spawn(function* () {
          yield* mutex.lock();
          try {
            yield* forever();
          } finally {
            mutex.unlock();
          }
        });
        yield* settle(2);
        yield* child.cancel();
        yield* mutex.lock();
        mutex.unlock();
      });
    },
  },
  {
    id: 120,
    name: "protect frees the mutex on cancellation and on error, and keeps the error",
    run() {
      go(function* () {
        const mutex = new Mutex();
        const child = spawn(() => mutex.protect(() => forever()));
        yield* settle(2);
        yield* child.cancel();
        equal(mutex.isLocked, false);
        equal(yield* thrownBy(mutex.protect(() => failing(new Error("boom")))), "boom");
        equal(mutex.isLocked, false);
      });
    },
  },
  {
    id: "M8",
    name: "a task that returns with a mutex breaks a rule; one that fails passes it on",
    run() {
      equal(
        failure(function* () {
          yield* new Mutex("m").lock();
        }),
        "RESOURCE_LEAKED",
      );
      go(function* () {
        const mutex = new Mutex();
        const bad = spawn(function* () {
          yield* mutex.lock();
          yield* failing(new Error("boom"), 2);
        });
        yield* settle(2);
        const next = spawn(() => mutex.protect(() => after(0, "next")));
        equal(yield* thrownBy(bad), "boom");
        equal(yield* next, "next");
      });
    },
  },
  {
    id: 121,
    name: "signal wakes one waiter, broadcast the others, in order of arrival",
    run() {
      const log: number[] = [];
      go(function* () {
        const mutex = new Mutex();
        const condition = new Condition();
        const tasks = [1, 2, 3].map((n) =>
          spawn(() =>
            mutex.protect(function* () {
              yield* condition.wait(mutex);
              log.push(n);
            }),
          ),
        );
        yield* settle();
        condition.signal();
        yield* settle();
        equal(log, [1]);
        condition.broadcast();
        yield* allSettled(tasks);
      });
      equal(log, [1, 2, 3]);
    },
  },
  {
    id: 122,
    name: "a waiter that is cancelled holds the mutex while the cancellation propagates",
    run() {
      go(function* () {
        const mutex = new Mutex();
        const condition = new Condition();
        let tried: boolean | undefined;
        const waiter = spawn(function* () {
          yield* mutex.lock();
          try {
            yield* condition.wait(mutex);
          } finally {
            tried = mutex.tryLock();
            mutex.unlock();
          }
        });
        yield* settle();
        yield* waiter.cancel();
        equal(tried, false);
        equal(mutex.isLocked, false);
      });
    },
  },
  {
    id: 123,
    name: "a waiter that is cancelled after it was chosen passes the signal on",
    run() {
      const log: string[] = [];
      go(function* () {
        const mutex = new Mutex();
        const condition = new Condition();
        const wait = (name: string): Task<void> =>
          spawn(() =>
            mutex.protect(function* () {
              yield* condition.wait(mutex);
              log.push(name);
            }),
          );
        const first = wait("first");
        const second = wait("second");
        yield* settle();
        condition.signal();
        yield* first.cancel();
        yield* second;
      });
      equal(log, ["second"]);
    },
  },
  {
    id: 124,
    name: "a wait without the mutex is refused and leaves nothing in the line",
    run() {
      go(function* () {
        const mutex = new Mutex();
        const condition = new Condition();
        equal(yield* thrownBy(condition.wait(mutex)), "TypeError");
        const waiter = spawn(() =>
          mutex.protect(function* () {
            yield* condition.wait(mutex);
            return "woken";
          }),
        );
        yield* settle();
        condition.signal();
        equal(yield* waiter, "woken");
      });
    },
  },
  {
    id: 125,
    name: "a lazy value is computed once, for all, whoever forces it",
    run() {
      const winners = new Set<number>();
      for (let seed = 0; seed < 32; seed++) {
        go(
          function* () {
            let runs = 0;
            const lazy = new Lazy(function* () {
              runs++;
              yield* settle(3);
              return { v: 1 };
            });
            const forced = yield* allSettled([spawn(() => lazy), spawn(() => lazy), spawn(() => lazy)]);
            const values = new Set(forced.map((result) => (result.ok ? result.value : undefined)));
            equal([runs, values.size], [1, 1]);
            const racer = (n: number) =>
              spawn(function* () {
                yield* lazy;
                return n;
              });
            winners.add(yield* race([racer(0), racer(1)]));
          },
          { seed },
        );
      }
      equal(winners.size, 2);
    },
  },
  {
    id: 126,
    name: "a lazy value that fails does so once, and for ever",
    run() {
      let runs = 0;
      go(function* () {
        const boom = new Error("boom");
        const lazy = new Lazy<number>(() => {
          runs++;
          throw boom;
        });
        for (let i = 0; i < 3; i++) {
          const result = yield* lazy.result();
          ok(!result.ok && result.error === boom, "another error");
        }
      });
      equal(runs, 1);
    },
  },
  {
    id: 127,
    name: "a lazy value that forces itself is refused",
    run() {
      go(function* () {
        const lazy: Lazy<number> = new Lazy(function* (): Operation<number> {
          return yield* lazy;
        });
        equal(yield* thrownBy(lazy), "LAZY_CYCLE");
      });
    },
  },
  {
    id: 128,
    name: "when the computing task is cancelled, a waiter computes the lazy value",
    run() {
      go(function* () {
        let runs = 0;
        const lazy = new Lazy(function* () {
          runs++;
          yield* settle(5);
          return "value";
        });
        const first = spawn(() => lazy);
        const second = spawn(() => lazy);
        yield* settle(2);
        yield* first.cancel();
        equal(yield* second, "value");
        equal(runs, 2);
      });
    },
  },
  {
    id: 129,
    name: "cancelling a waiter of a lazy value affects nobody else",
    run() {
      go(function* () {
        const lazy = new Lazy(() => after(5, "value"));
        const [first, second, third] = [spawn(() => lazy), spawn(() => lazy), spawn(() => lazy)] as const;
        yield* settle(2);
        yield* second.cancel();
        equal([yield* first, yield* third], ["value", "value"]);
      });
    },
  },
  {
    id: 130,
    name: "philosophers never eat beside each other, and stop on time",
    run() {
      go(function* () {
        const count = 5;
        const mutex = new Mutex();
        const state = new Array<"thinking" | "hungry" | "eating">(count).fill("thinking");
        const turns = state.map(() => new Semaphore(0));
        let meals = 0;
        const left = (i: number) => (i + count - 1) % count;
        const right = (i: number) => (i + 1) % count;
        const test = (i: number): void => {
          if (state[i] !== "hungry" || state[left(i)] === "eating" || state[right(i)] === "eating") return;
          state[i] = "eating";
          turns[i]?.release();
        };
        function* philosopher(i: number): Operation<void> {
          for (;;) {
            yield* sleep(1 + (i % 3));
            yield* mutex.protect(function* () {
              state[i] = "hungry";
              test(i);
            });
            yield* (turns[i] as Semaphore).acquire();
            if (state[left(i)] === "eating" || state[right(i)] === "eating")
              throw new Error("neighbours eat");
            meals++;
            yield* sleep(2);
            yield* mutex.protect(function* () {
              state[i] = "thinking";
              test(left(i));
              test(right(i));
            });
          }
        }
        const table = spawn(function* () {
          yield* allSettled(state.map((_, i) => spawn(() => philosopher(i))));
        });
        yield* race<unknown>([table, spawn(() => sleep(1000))]);
        ok(meals > 100, `${meals} meals`);
      });
    },
  },
  {
    id: 60,
    name: "a lock, a permit or a value that was won and not delivered goes to the next",
    run() {
      go(function* () {
        const semaphore = new Semaphore(0);
        const first = spawn(() => semaphore.acquire());
        const second = spawn(() => semaphore.use(() => after(0, "permit")));
        yield* settle();
        semaphore.release();
        yield* first.cancel();
        equal(yield* second, "permit");
        equal(semaphore.available, 1);
      });
      go(function* () {
        const channel = new Channel<string>(1);
        const first = spawn(() => channel.receive());
        const second = spawn(() => channel.receive());
        yield* settle();
        channel.trySend("value");
        yield* first.cancel();
        equal(yield* second, "value");
      });
      go(function* () {
        const mutex = new Mutex();
        const first = spawn(() => mutex.lock());
        yield* yieldNow();
        equal(mutex.isLocked, true);
        yield* first.cancel();
        equal(mutex.isLocked, false);
      });
    },
  },
  {
    id: "Z4",
    name: "a failure inside a lazy computation that is not a cancellation of the forcing task is remembered",
    run() {
      go(function* () {
        const lazy = new Lazy(function* () {
          const child = spawn(() => forever());
          yield* child.cancel();
          return yield* child;
        });
        equal(yield* thrownBy(lazy), "CANCELLED");
        const result = yield* lazy.result();
        ok(!result.ok && !isCancelled(result.error), "taken for one's own cancellation");
      });
    },
  },
];
