import { Orphans, race, sleep, spawn, yieldNow } from "../../src/index.ts";
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
  thrownBy,
} from "./kit.ts";

/** 4.5 Orphans. */
export const orphans: readonly Case[] = [
  {
    id: 76,
    name: "a member cannot create another member in the same collector",
    run() {
      equal(
        failure(function* () {
          const collector = new Orphans<void>();
          spawn(
            function* () {
              spawn(() => settle(1), { orphans: collector });
            },
            { orphans: collector },
          );
          const result = yield* collector.next();
          if (result?.ok === false) throw result.error;
        }),
        "TypeError",
      );
    },
  },
  {
    id: 77,
    name: "a refused member is not created at all",
    run() {
      go(function* () {
        const collector = new Orphans<unknown>();
        const child = spawn(
          function* () {
            try {
              spawn(() => after(1, 1), { orphans: collector });
            } catch (error) {
              return codeOf(error);
            }
            return "created";
          },
          { orphans: collector },
        );
        equal(yield* child, "TypeError");
        equal(collector.size, 0);
      });
    },
  },
  {
    id: 78,
    name: "care says empty, pending, ready, and empty again",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        equal(collector.care(), { status: "empty" });
        spawn(() => after(1, 1), { orphans: collector });
        equal(collector.care(), { status: "pending" });
        yield* settle();
        const care = collector.care();
        ok(care.status === "ready", care.status);
        if (care.status === "ready") equal(yield* care.task, 1);
        equal(collector.care(), { status: "empty" });
      });
    },
  },
  {
    id: 79,
    name: "care hands back the settled members in order of settlement, and awaiting them does not wait",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        for (const n of [3, 1, 2]) spawn(() => after(n, n), { orphans: collector });
        yield* settle();
        const values: number[] = [];
        for (let task = collector.takeSettled(); task !== undefined; task = collector.takeSettled()) {
          equal(task.state, "finished");
          values.push(yield* task);
        }
        equal(values, [1, 2, 3]);
      });
    },
  },
  {
    id: 80,
    name: "forgotten members break a rule",
    run() {
      equal(
        failure(function* () {
          const collector = new Orphans<number>();
          spawn(() => after(1, 1), { orphans: collector });
          yield* settle();
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: 81,
    name: "forty-two sleeping members can be taken and cancelled",
    run() {
      go(function* () {
        const collector = new Orphans<void>();
        for (let i = 0; i < 42; i++) spawn(() => sleep((i * 7919) % 1000), { orphans: collector });
        for (let task = collector.take(); task !== undefined; task = collector.take()) yield* task.cancel();
        equal(collector.size, 0);
      });
    },
  },
  {
    id: 82,
    name: "next answers nothing when empty, and every outcome once otherwise",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        equal(yield* collector.next(), undefined);
        spawn(() => after(1, 1), { orphans: collector });
        spawn(() => after(2, 2), { orphans: collector });
        spawn(() => failing(new Error("bad")), { orphans: collector });
        yield* settle();
        equal(collector.size, 3);
        let sum = 0;
        for (let i = 0; i < 2; i++) {
          const result = yield* collector.next();
          ok(result?.ok === true, "a success is preferred");
          if (result?.ok) sum += result.value;
        }
        equal(sum, 3);
        equal(yield* collector.next(), { ok: false, error: new Error("bad") });
        equal(collector.size, 0);
        equal(yield* collector.next(), undefined);
      });
    },
  },
  {
    id: 83,
    name: "a collector cannot be queried by another task",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        collector.care();
        equal(yield* spawn(() => thrownBy(collector.next())), "TypeError");
      });
    },
  },
  {
    id: 84,
    name: "cancelling a task that waits in next cancels its members",
    run() {
      const log: string[] = [];
      go(function* () {
        const owner = spawn(function* () {
          const collector = new Orphans<void>();
          spawn(() => forever(() => log.push("member")), { orphans: collector });
          yield* collector.next();
        });
        yield* settle(3);
        yield* owner.cancel();
        equal(yield* thrownBy(owner), "CANCELLED");
      });
      equal(log, ["member"]);
    },
  },
  {
    id: 85,
    name: "cancelling the owner of a collector ends its members, newest first",
    run() {
      const log: number[] = [];
      go(function* () {
        const owner = spawn(function* () {
          const collector = new Orphans<void>();
          for (const n of [1, 2, 3]) spawn(() => forever(() => log.push(n)), { orphans: collector });
          yield* forever();
        });
        yield* settle(3);
        yield* owner.cancel();
      });
      equal(log, [3, 2, 1]);
    },
  },
  {
    id: 86,
    name: "a member that is cancelled directly leaves its collector",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        const member = spawn(() => after(5, 1), { orphans: collector });
        yield* member.cancel();
        equal(collector.care(), { status: "empty" });
      });
    },
  },
  {
    id: 87,
    name: "an accept loop that cares before each accept keeps the number of members bounded",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        let most = 0;
        for (let i = 0; i < 200; i++) {
          for (let task = collector.takeSettled(); task !== undefined; task = collector.takeSettled()) {
            yield* task.result();
          }
          yield* race([spawn(() => after(2, i))]);
          spawn(() => after(1, i), { orphans: collector });
          most = Math.max(most, collector.size);
        }
        yield* collector.drain();
        ok(most < 8, `${most} members`);
      });
    },
  },
  {
    id: "87b",
    name: "drain consumes every member, cancelAll ends them together",
    run() {
      go(function* () {
        const collector = new Orphans<number>();
        for (const n of [1, 2, 3]) spawn(() => after(n, n), { orphans: collector });
        let sum = 0;
        yield* collector.drain((result) => {
          sum += result.ok ? result.value : 0;
        });
        equal(sum, 6);
        const log: number[] = [];
        for (const n of [1, 2, 3]) {
          spawn(() => forever(() => log.push(n)), { orphans: collector });
        }
        yield* yieldNow();
        yield* collector.cancelAll();
        equal([log.length, collector.size], [3, 0]);
      });
    },
  },
];
