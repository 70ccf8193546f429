// Cases of the catalogue (../CATALOGUE.md) that need a run, in a world of their own.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { call, NoDomainAvailableError, type Operation, portable, spawn, yieldNow } from "@uk/miou";
import { describe, expect, it, vi } from "vitest";
import { clockMonotonic } from "./clocks.ts";
import { type Device, map } from "./device.ts";
import { addYieldHook } from "./hooks.ts";
import { World } from "./memory/index.ts";
import { run } from "./run.ts";
import { sleep } from "./sleep.ts";

const MS = 1_000_000n;

/** Runs a program to its end; the value of its main. */
async function unikernel<T>(main: () => Operation<T>): Promise<T> {
  const world = new World();
  const guest = await world.boot({}, () => run([], main));
  await world.run();
  expect(guest.state).toBe("ended");
  return guest.value as T;
}

const ms = (): number => Number(clockMonotonic() / MS);

describe("the catalogue", () => {
  it("[195] a map may start a task, which main cancels", async () => {
    const world = new World();
    const ticks: number[] = [];
    const ticker: Device<{ task: ReturnType<typeof spawn> }> = map([], function* () {
      yield* yieldNow();
      const task = spawn(function* () {
        for (;;) {
          yield* sleep(5);
          ticks.push(ms());
        }
      });
      return { task };
    });
    await world.boot({}, () =>
      run([ticker], function* ({ task }) {
        yield* sleep(12);
        yield* task.cancel();
      }),
    );
    await world.run();
    expect(ticks).toEqual([5, 10]);
  });

  it("[206] cancelling a sleeping task returns at once, and nobody waits for its deadline", async () => {
    const took = await unikernel(function* () {
      const sleeper = spawn(() => sleep(1000));
      yield* sleep(1);
      yield* sleeper.cancel();
      const cancelled = ms();
      yield* sleep(1);
      return [cancelled, ms()];
    });
    expect(took).toEqual([1, 2]);
  });

  it("[207] hooks run after a wait only, newest first, until they are removed", async () => {
    const order: string[] = [];
    const a = addYieldHook(() => order.push("A"));
    const b = addYieldHook(() => order.push("B"));
    await unikernel(function* () {
      yield* yieldNow();
      order.push("yielded");
      yield* sleep(1);
      order.push("slept");
      a.remove();
      yield* sleep(1);
    });
    b.remove();
    expect(order.join(" ")).toBe("yielded B A slept B");
  });

  it("[208] a hook that throws is removed, and the run goes on", async () => {
    const shown = vi.spyOn(console, "error").mockImplementation(() => {});
    let calls = 0;
    addYieldHook(() => {
      calls++;
      throw new Error("hook");
    });
    await unikernel(function* () {
      yield* sleep(1);
      yield* sleep(1);
    });
    expect(calls).toBe(1);
    expect(shown).toHaveBeenCalledOnce();
    shown.mockRestore();
  });

  it("[209] sleepers that are due at the same poll wake in order of deadline", async () => {
    const order = await unikernel(function* () {
      const woken: number[] = [];
      const sleepers = [3, 1, 2].map((deadline) =>
        spawn(function* () {
          yield* sleep(deadline);
          woken.push(deadline);
        }),
      );
      yield* yieldNow();
      for (const start = ms(); ms() < start + 5; ); // nobody is looked at meanwhile
      for (const sleeper of sleepers) yield* sleeper;
      return woken;
    });
    expect(order).toEqual([1, 2, 3]);
  });

  it("[212] there is no other domain for a parallel call", async () => {
    const caught = await unikernel(function* () {
      try {
        yield* call(
          portable("file:///nowhere.js", "nothing", () => sleep(0)),
          undefined,
        );
      } catch (error) {
        return error;
      }
      return undefined;
    });
    expect(caught).toBeInstanceOf(NoDomainAvailableError);
  });

  it("has every number from 185 to 213, in a test that names it", () => {
    const root = fileURLToPath(new URL("../../..", import.meta.url));
    const rows = [
      ...readFileSync(join(root, "packages/miou-solo5/CATALOGUE.md"), "utf8").matchAll(
        /^\| (\d+) +\|.*\| (\S.*?) +\|$/gm,
      ),
    ];
    expect(rows.map(([, number]) => Number(number))).toEqual(
      Array.from({ length: 29 }, (_, index) => 185 + index),
    );
    for (const [, number, where = ""] of rows) {
      if (where === "not yet") continue;
      const file = [join(root, "packages/miou-solo5/src", where), join(root, where)].find((path) =>
        existsSync(path),
      );
      expect(file, `case ${number}: ${where}`).toBeDefined();
      // A golden transcript has no room for a number.
      if (file === undefined || file.endsWith(".txt")) continue;
      // The title of a test, or the entry of a list of cases.
      const name = file.endsWith(".test.ts") ? `"[${number}] ` : ` id: ${number},`;
      expect(readFileSync(file, "utf8"), `case ${number}: ${where}`).toContain(name);
    }
  });
});
