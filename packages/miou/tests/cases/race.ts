import { all, allSettled, both, oneOf, race, sleep, spawn, type Task } from "../../src/index.ts";
import { after, type Case, equal, failing, failure, forever, go, ok, settle, thrownBy } from "./kit.ts";

/** 4.4 Race and one-of. */
export const races: readonly Case[] = [
  {
    id: 63,
    name: "oneOf two constants, then the other, is consistent whatever the seed",
    run() {
      for (let seed = 0; seed < 100; seed++) {
        go(
          function* () {
            const tasks = [spawn(() => after(0, 0)), spawn(() => after(0, 1))] as const;
            const first = yield* oneOf(tasks);
            const other = yield* tasks[1 - first] as Task<number>;
            equal(first + other, 1);
            yield* allSettled(tasks);
          },
          { seed },
        );
      }
    },
  },
  {
    id: 64,
    name: "the task that oneOf did not choose must still be consumed",
    run() {
      equal(
        failure(function* () {
          yield* oneOf([spawn(() => after(0, 0)), spawn(() => after(9, 1))]);
        }),
        "STILL_HAS_CHILDREN",
      );
    },
  },
  {
    id: 65,
    name: "either of two immediate children may win a race, depending on the seed",
    run() {
      const winners = new Set<number>();
      for (let seed = 0; seed < 64; seed++) {
        winners.add(
          go(
            () =>
              (function* () {
                return yield* race([spawn(() => after(0, 0)), spawn(() => after(0, 1))]);
              })(),
            { seed },
          ),
        );
      }
      equal(winners.size, 2);
    },
  },
  {
    id: 66,
    name: "a handle may appear twice",
    run() {
      go(function* () {
        const p = spawn(() => after(1, "p"));
        equal(yield* oneOf([p, p]), "p");
        equal(yield* race([p, p]), "p");
        const q = spawn(() => after(2, "q"));
        equal(yield* race([q, q]), "q");
        equal(yield* allSettled([p, q, p]), [
          { ok: true, value: "p" },
          { ok: true, value: "q" },
          { ok: true, value: "p" },
        ]);
      });
    },
  },
  {
    id: 67,
    name: "an immediate task wins a race against a sleeper that would throw",
    run() {
      let cancelled = false;
      go(function* () {
        const winner = yield* race([
          spawn(() => after(0, "now")),
          spawn(function* () {
            try {
              yield* sleep(10);
            } catch (error) {
              cancelled = true;
              throw error;
            }
            throw new Error("timeout");
          }),
        ]);
        equal(winner, "now");
      });
      ok(cancelled, "the sleeper was not cancelled");
    },
  },
  {
    id: 68,
    name: "among settled tasks a success is preferred, and the failed one keeps its error",
    run() {
      for (let seed = 0; seed < 16; seed++) {
        go(
          function* () {
            const bad = spawn(() => failing(new Error("bad")));
            const good = spawn(() => after(0, "good"));
            yield* settle();
            equal(yield* race([bad, good]), "good");
            equal(yield* thrownBy(bad), "bad");
          },
          { seed },
        );
      }
    },
  },
  {
    id: 69,
    name: "a failure that comes first wins, after the loser's cleanup",
    run() {
      const log: string[] = [];
      go(function* () {
        const loser = spawn(() => forever(() => log.push("loser")));
        const error = yield* thrownBy(race([spawn(() => failing(new Error("first"))), loser]));
        log.push(error);
      });
      equal(log, ["loser", "first"]);
    },
  },
  {
    id: 70,
    name: "a loser that had settled keeps its value",
    run() {
      go(function* () {
        const a = spawn(() => after(0, "a"));
        const b = spawn(() => after(0, "b"));
        yield* settle();
        yield* race([a, b]);
        equal([yield* a, yield* b], ["a", "b"]);
      });
    },
  },
  {
    id: 71,
    name: "a loser that still ran is cancelled; one that settled in the same round is not",
    run() {
      for (let seed = 0; seed < 16; seed++) {
        go(
          function* () {
            const a = spawn(() => after(2, "a"));
            const b = spawn(() => after(2, "b"));
            const c = spawn(() => after(50, "c"));
            const winner = yield* race([a, b, c]);
            ok(winner === "a" || winner === "b", `the winner is ${winner}`);
            equal([yield* a, yield* b], ["a", "b"]);
            equal(yield* thrownBy(c), "CANCELLED");
          },
          { seed },
        );
      }
    },
  },
  {
    id: 72,
    name: "cancelling the caller of race ends all the racers first",
    run() {
      const log: string[] = [];
      go(function* () {
        const caller = spawn(function* () {
          yield* race([spawn(() => forever(() => log.push("a"))), spawn(() => forever(() => log.push("b")))]);
        });
        yield* settle(3);
        yield* caller.cancel();
        log.push("cancelled");
      });
      equal(log, ["b", "a", "cancelled"]);
    },
  },
  {
    id: 73,
    name: "the winner of oneOf can be awaited again",
    run() {
      go(function* () {
        const a = spawn(() => after(0, "a"));
        equal(yield* oneOf([a]), "a");
        equal(yield* a, "a");
        const b = spawn(() => failing(new Error("b")));
        equal(yield* oneOf([b]).result(), { ok: false, error: new Error("b") });
        equal(yield* thrownBy(b), "b");
      });
    },
  },
  {
    id: 74,
    name: "the same program and seed give the same winners, a hundred times",
    run() {
      const winners = (): string =>
        go(
          function* () {
            let log = "";
            for (let i = 0; i < 20; i++) {
              log += yield* race([
                spawn(() => after(1, "a")),
                spawn(() => after(1, "b")),
                spawn(() => after(1, "c")),
              ]);
            }
            return log;
          },
          { seed: 42 },
        );
      const first = winners();
      for (let i = 0; i < 100; i++) equal(winners(), first);
      ok(new Set(first).size === 3, `not random: ${first}`);
    },
  },
  {
    id: 75,
    name: "both and all throw the first error, when the other tasks have ended",
    run() {
      const log: string[] = [];
      go(function* () {
        equal(
          yield* both(
            spawn(() => after(1, 1)),
            spawn(() => after(0, "x")),
          ),
          [1, "x"],
        );
        equal(
          yield* thrownBy(
            both(
              spawn(() => after(0, 1)),
              spawn(() => failing(new Error("fail"))),
            ),
          ),
          "fail",
        );
        const late = spawn(() => failing(new Error("late"), 4));
        const loop = spawn(() => forever(() => log.push("loop")));
        equal(yield* thrownBy(all([loop, late])), "late");
        log.push("thrown");
        equal(yield* all([]), []);
        equal(
          yield* thrownBy(
            all([spawn(() => failing(new Error("second"), 2)), spawn(() => failing(new Error("first"), 1))]),
          ),
          "first",
        );
      });
      equal(log, ["loop", "thrown"]);
    },
  },
];
