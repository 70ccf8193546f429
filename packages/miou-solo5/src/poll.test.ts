import { spawn } from "@uk/miou";
import { afterEach, describe, expect, it } from "vitest";
import { clockMonotonic, clockWall } from "./clocks.ts";
import { addYieldHook } from "./hooks.ts";
import { runClock } from "./poll.ts";
import { run } from "./run.ts";
import { sleep, sleepNs } from "./sleep.ts";
import { installTarget } from "./target.ts";
import { virtualMachine } from "./testing/virtual-machine.ts";

const MS = 1_000_000n;
const FOREVER = (1n << 63n) - 1n;
afterEach(() => installTarget(undefined));

describe("a program that owns its machine", () => {
  it("yields until each sleeper is due, and at no other time", async () => {
    const machine = virtualMachine({ boot: 5n });
    installTarget(machine);
    const order: string[] = [];
    await run([], function* () {
      const tasks = [30, 10, 20].map((ms) =>
        spawn(function* () {
          yield* sleep(ms);
          order.push(`${ms} at ${(clockMonotonic() - 5n) / MS}`);
        }),
      );
      for (const task of tasks) yield* task;
    });
    expect(order).toEqual(["10 at 10", "20 at 20", "30 at 30"]);
    expect(machine.yields).toEqual([5n + 10n * MS, 5n + 20n * MS, 5n + 30n * MS]);
  });

  it("never sleeps less than asked, down to the nanosecond", async () => {
    const machine = virtualMachine();
    installTarget(machine);
    for (const ns of [1n, 999n, 1_000_001n, 86_400_000_000_007n]) {
      const start = machine.clockMonotonic();
      await run([], () => sleepNs(ns));
      const slept = machine.clockMonotonic() - start;
      expect(slept).toBeGreaterThanOrEqual(ns);
      // Milliseconds are doubles: a day is exact to well below a microsecond.
      expect(slept - ns).toBeLessThan(1000n);
    }
  });

  it.each([
    { ms: 1, until: 5n + MS },
    { ms: 1e12, until: 5n + 1_000_000_000_000n * MS },
    { ms: 2 ** 63 / 1e6, until: FOREVER },
    { ms: 1e300, until: FOREVER },
    { ms: Number.MAX_VALUE, until: FOREVER },
    { ms: Number.POSITIVE_INFINITY, until: FOREVER },
  ])("a sleep of $ms ms ends at $until ns, the end of time at the latest", ({ ms, until }) => {
    const machine = virtualMachine({ boot: 5n });
    expect(runClock(machine, undefined).toMonotonic(ms)).toBe(until);
    expect(runClock(machine, () => 7n).toMonotonic(ms)).toBe(until);
  });

  it("yields again when the machine woke too early", async () => {
    const machine = virtualMachine({ early: 3n * MS });
    installTarget(machine);
    const start = machine.clockMonotonic();
    await run([], () => sleep(10));
    expect(machine.clockMonotonic() - start).toBeGreaterThanOrEqual(10n * MS);
    expect(machine.yields.length).toBeGreaterThan(1);
  });

  it("does not yield while a task is ready", async () => {
    const machine = virtualMachine();
    installTarget(machine);
    await run([], function* () {
      yield* sleep(0);
    });
    for (const deadline of machine.yields) expect(deadline).toBeLessThanOrEqual(machine.clockMonotonic());
  });

  it("runs hooks after each yield", async () => {
    const machine = virtualMachine();
    installTarget(machine);
    let calls = 0;
    const hook = addYieldHook(() => calls++);
    await run([], function* () {
      yield* sleep(1);
      yield* sleep(1);
    });
    hook.remove();
    expect(calls).toBe(machine.yields.length);
    expect(calls).toBeGreaterThan(0);
  });

  it("ends with DeadlockError when nothing can wake it", async () => {
    installTarget(virtualMachine());
    const { suspend } = await import("@uk/miou");
    await expect(run([], () => suspend(() => {}))).rejects.toMatchObject({ code: "DEADLOCK" });
  });

  it("starts main after the code that called run", async () => {
    installTarget(virtualMachine());
    const order: string[] = [];
    const end = run([], function* () {
      order.push("main");
      return "value";
    });
    order.push("after run");
    expect(await end).toBe("value");
    expect(order).toEqual(["after run", "main"]);
  });

  it("reads the machine's clocks", () => {
    const machine = virtualMachine({ boot: 7n });
    installTarget(machine);
    expect(clockMonotonic()).toBe(7n);
    expect(clockWall()).toBe(1_800_000_000_000_000_007n);
  });
});

describe("the clock of a run", () => {
  it("counts milliseconds from the run's start, and says when a moment comes on the machine's clock", () => {
    const machine = virtualMachine({ boot: 1000n });
    const clock = runClock(machine, undefined);
    machine.pass(2_500_000n);
    expect(clock.now()).toBe(2.5);
    expect(clock.toMonotonic(4)).toBe(1000n + 4n * MS);
    expect(clock.toMonotonic(0.0000001)).toBe(1001n);
  });

  it("follows the clock of the options, and converts what is left to the machine's", () => {
    const machine = virtualMachine({ boot: 1000n });
    let now = 50n * MS;
    const clock = runClock(machine, () => now);
    now += 2n * MS;
    machine.pass(7n);
    expect(clock.now()).toBe(2);
    expect(clock.toMonotonic(5)).toBe(1007n + 3n * MS);
    expect(clock.toMonotonic(1)).toBe(1007n);
  });
});

describe("without a machine", () => {
  it("clocks are 0", () => {
    expect([clockMonotonic(), clockWall()]).toEqual([0n, 0n]);
  });
});

describe("sleepNs", () => {
  it("refuses a negative duration at once", () => {
    expect(() => sleepNs(-1n)).toThrow(RangeError);
  });

  it("refuses a duration that is no bigint at once", () => {
    expect(() => sleepNs(5 as never)).toThrow("sleepNs: a bigint of nanoseconds is needed, not a number");
  });
});
