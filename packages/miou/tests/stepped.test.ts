import { describe, expect, it } from "vitest";
import {
  DeadlockError,
  type Events,
  runStepped,
  type SelectRequest,
  sleep,
  spawn,
  Trigger,
  until,
  yieldNow,
} from "../src/index.ts";

/** A source that never blocks: whoever steps the run moves the clock. */
class Pausing implements Events {
  time = 0;
  interrupts = 0;
  /** Whether each `select` so far was asked to block. */
  readonly asked: boolean[] = [];
  readonly now = (): number => this.time;
  readonly events: Events = this;

  select({ block, deadline }: SelectRequest): "paused" | undefined {
    this.asked.push(block);
    return block && deadline !== undefined && deadline <= this.time ? undefined : "paused";
  }

  interrupt(): void {
    this.interrupts++;
  }
}

describe("a run that is stepped", () => {
  it("runs nothing before the first step, and has no value before the last", () => {
    let started = false;
    const run = runStepped(function* () {
      started = true;
      return 7;
    });
    expect(started).toBe(false);
    expect(() => run.value()).toThrow(TypeError);
    expect(run.step()).toBe(true);
    expect(run.value()).toBe(7);
    expect(run.step()).toBe(true);
  });

  it("takes turns with others in one thread", () => {
    const log: string[] = [];
    const source = new Pausing();
    const program = (name: string, ms: number) =>
      runStepped(function* () {
        for (let n = 1; n <= 2; n++) {
          yield* sleep(ms);
          log.push(`${name}${n} at ${source.time}`);
        }
      }, source);
    const runs = [program("a", 10), program("b", 15)];
    while (runs.map((run) => run.step()).includes(false)) source.time += 5;
    expect(log).toEqual(["a1 at 10", "b1 at 15", "a2 at 20", "b2 at 30"]);
  });

  it("is interrupted when a promise makes a task ready, and goes on at the next step", async () => {
    const source = new Pausing();
    const run = runStepped(() => until(Promise.resolve("settled")), source);
    expect(run.step()).toBe(false);
    expect(source.interrupts).toBe(0);
    await new Promise(setImmediate);
    expect(source.interrupts).toBe(1);
    expect(run.step()).toBe(true);
    expect(run.value()).toBe("settled");
  });

  it.each([
    { answer: "late", wokenAfter: 1 },
    { answer: undefined, wokenAfter: 32 },
  ] as const)(
    "looks at the clock after $wokenAfter events that answered $answer",
    ({ answer, wokenAfter }) => {
      // Time passes in the source alone, and some task is always ready: two slices a round, a look after 64.
      let time = 0;
      const select = (): typeof answer => {
        time++;
        return answer;
      };
      const run = runStepped(
        function* () {
          let woken = 0;
          const sleeper = spawn(function* () {
            yield* sleep(1);
            woken = time;
          });
          while (woken === 0) yield* yieldNow();
          yield* sleeper;
          return woken;
        },
        { events: { select }, now: () => time },
      );
      expect(run.step()).toBe(true);
      expect(run.value()).toBeGreaterThanOrEqual(wokenAfter);
      expect(run.value()).toBeLessThan(2 * wokenAfter + 2);
    },
  );

  it("asks again with block where it paused, unless something became ready", async () => {
    const source = new Pausing();
    const run = runStepped(() => until(new Promise((resolve) => setImmediate(resolve))), source);
    run.step();
    run.step();
    expect(source.asked).toEqual([true, true]);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    source.asked.length = 0;
    expect(run.step()).toBe(true);
    expect(source.asked).not.toContain(true);
  });

  it("may pause while tasks are ready, and loses none of them", () => {
    let turns = 0;
    const run = runStepped(
      function* () {
        const busy = spawn(function* () {
          for (let n = 0; n < 1000; n++) yield* sleep(0);
          return "busy";
        });
        yield* sleep(0);
        return yield* busy;
      },
      {
        events: { select: () => (turns++ % 2 === 0 ? "paused" : undefined), always: true },
        now: () => turns,
      },
    );
    let steps = 0;
    while (!run.step()) steps++;
    expect(run.value()).toBe("busy");
    expect(steps).toBeGreaterThan(10);
  });

  it("throws from value what the root threw, and a deadlock when nothing is left", () => {
    const failing = runStepped(function* () {
      throw new Error("root");
    });
    expect(failing.step()).toBe(true);
    expect(() => failing.value()).toThrow("root");
    const stuck = runStepped(function* () {
      yield* new Trigger();
    });
    expect(stuck.step()).toBe(true);
    expect(() => stuck.value()).toThrow(DeadlockError);
  });
});
