import { spawn } from "@uk/miou";
import { afterEach, describe, expect, it } from "vitest";
import { block, constant, map, net } from "./device.ts";
import { DeviceError } from "./errors.ts";
import { run } from "./run.ts";
import { sleep } from "./sleep.ts";
import { installTarget } from "./target.ts";
import { virtualTarget } from "./testing/virtual-target.ts";

afterEach(() => installTarget(undefined));

/** On a target of its own, and in Node's loop. */
describe.each([
  { world: "a target", target: () => virtualTarget() },
  {
    world: "a host's loop",
    target: () => {
      const { yield: _, ...rest } = virtualTarget();
      return rest;
    },
  },
])("run on $world", ({ target }) => {
  it("gives main the values of its devices, in their order", async () => {
    installTarget(target());
    const sum = map([constant(1), constant(2)], (a, b) => a + b);
    const values = await run([sum, constant("x")], function* (three, x) {
      return [three, x];
    });
    expect(values).toEqual([3, "x"]);
  });

  it("makes the same device once, left to right and depth first", async () => {
    installTarget(target());
    const made: string[] = [];
    const note = (name: string) => map([], () => void made.push(name));
    const shared = note("shared");
    await run([note("a"), map([shared, note("b")], () => void made.push("outer")), shared], function* () {});
    expect(made).toEqual(["a", "shared", "b", "outer"]);
  });

  it("runs a map that is a generator, which may spawn tasks that main consumes", async () => {
    installTarget(target());
    const background = map([], function* () {
      yield* sleep(1);
      return spawn(function* () {
        yield* sleep(1);
        return "from the background";
      });
    });
    const value = await run([background], function* (task) {
      return yield* task;
    });
    expect(value).toBe("from the background");
  });

  it.each([
    { kind: "net", device: net("service") },
    { kind: "block", device: block("disk") },
  ])("rejects naming a $kind device that cannot be had", async ({ kind, device }) => {
    installTarget(target());
    let reached = false;
    const end = run([constant(1), map([device], () => 1)], function* () {
      reached = true;
    });
    await expect(end).rejects.toThrow(DeviceError);
    await expect(end).rejects.toMatchObject({ code: "DEVICE", device: kind === "net" ? "service" : "disk" });
    await expect(end).rejects.toThrow(`${kind} device "`);
    expect(reached).toBe(false);
  });

  it("rejects with what main throws", async () => {
    installTarget(target());
    const error = new Error("from main");
    const end = run([], function* () {
      yield* sleep(1);
      throw error;
    });
    await expect(end).rejects.toBe(error);
  });

  it("refuses a device list at once", () => {
    installTarget(target());
    const main = function* () {};
    expect(() => run([{}], main)).toThrow(TypeError);
    expect(() => run([], undefined as never)).toThrow(TypeError);
    for (const options of [null, 5, "x", [], { now: 5 }, { now: 5n }, { pollIntervalNs: 5 }])
      expect(() => run([], main, options as object)).toThrow(TypeError);
  });
});

describe("the option now", () => {
  it("replaces the clock that sleepers follow", async () => {
    const target = virtualTarget();
    installTarget(target);
    const start = target.clockMonotonic();
    // A clock that runs ten times as fast as the target's.
    await run([], () => sleep(50), { now: () => (target.clockMonotonic() - start) * 10n });
    expect(target.clockMonotonic() - start).toBeGreaterThanOrEqual(5_000_000n);
    expect(target.clockMonotonic() - start).toBeLessThan(100_000_000n);
  });

  it("replaces it in a host's loop as well", async () => {
    const { yield: _, ...host } = virtualTarget();
    installTarget(host);
    const start = process.hrtime.bigint();
    // A clock that runs half as fast as the host's.
    await run([], () => sleep(5), { now: () => (process.hrtime.bigint() - start) / 2n });
    expect(process.hrtime.bigint() - start).toBeGreaterThanOrEqual(10_000_000n);
  });
});
