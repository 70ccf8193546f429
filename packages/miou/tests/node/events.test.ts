import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { run, sleep, spawn } from "../../src/index.ts";
import { on, once } from "../../src/node/index.ts";
import { thrown, thrownBy } from "./kit.ts";

describe("events", () => {
  it("once gives the arguments of the next event, or the event of a target, and leaves no listener", async () => {
    await run(function* () {
      const emitter = new EventEmitter();
      const waiter = spawn(() => once<[number, string]>(emitter, "data"));
      yield* sleep(0);
      emitter.emit("data", 1, "a");
      emitter.emit("data", 2, "b");
      expect(yield* waiter).toEqual([1, "a"]);
      expect(emitter.eventNames()).toEqual([]);

      const target = new EventTarget();
      const event = new Event("data");
      const other = spawn(() => once(target, "data"));
      yield* sleep(0);
      target.dispatchEvent(event);
      expect(yield* other).toBe(event);
    });
  });

  it("once throws what is emitted as error, unless it waits for that, and lets go when cancelled", async () => {
    await run(function* () {
      const emitter = new EventEmitter();
      const failing = spawn(() => thrownBy(once(emitter, "data")));
      yield* sleep(0);
      emitter.emit("error", new RangeError("bad"));
      expect(yield* failing).toBe("RangeError");
      const waiting = spawn(() => once(emitter, "error"));
      yield* sleep(0);
      emitter.emit("error", "word");
      expect(yield* waiting).toEqual(["word"]);
      const cancelled = spawn(() => once(emitter, "data"));
      yield* sleep(0);
      yield* cancelled.cancel();
      expect(emitter.eventNames()).toEqual([]);
      expect(yield* thrownBy(once({} as EventTarget, "data"))).toBe("TypeError");
    });
  });

  it("on keeps events in order until they are taken, then gives the error or the end", async () => {
    await run(function* () {
      const emitter = new EventEmitter();
      const lines = on<[string]>(emitter, "line", { end: "close" });
      emitter.emit("line", "a");
      emitter.emit("line", "b");
      emitter.emit("close");
      emitter.emit("line", "late");
      expect([yield* lines.next(), yield* lines.next(), yield* lines.next()]).toEqual([
        ["a"],
        ["b"],
        undefined,
      ]);
      expect(emitter.eventNames()).toEqual([]);

      const failing = on(emitter, "line");
      emitter.emit("line", "c");
      emitter.emit("error", new RangeError("bad"));
      expect(yield* failing.next()).toEqual(["c"]);
      expect(yield* thrownBy(failing.next())).toBe("RangeError");
      expect(emitter.eventNames()).toEqual([]);
    });
  });

  it("on bounds its queue: it fails, or drops the newest or the oldest and counts", async () => {
    await run(function* () {
      const target = new EventTarget();
      const emitter = new EventEmitter();
      const failing = on(emitter, "n", { capacity: 2 });
      const newest = on<[number]>(emitter, "n", { capacity: 2, overflow: "drop-newest" });
      const oldest = on<[number]>(emitter, "n", { capacity: 2, overflow: "drop-oldest" });
      for (const n of [1, 2, 3, 4]) emitter.emit("n", n);
      expect([yield* failing.next(), yield* failing.next()]).toEqual([[1], [2]]);
      expect(yield* thrownBy(failing.next())).toBe("RangeError");
      expect([newest.dropped, yield* newest.next(), yield* newest.next()]).toEqual([2, [1], [2]]);
      expect([oldest.dropped, yield* oldest.next(), yield* oldest.next()]).toEqual([2, [3], [4]]);
      expect(thrown(() => on(target, "n", { capacity: 0 }))).toBe("RangeError");
      expect(thrown(() => on(undefined as unknown as EventTarget, "n"))).toBe("TypeError");
    });
    expect(thrown(() => on(new EventEmitter(), "n"))).toBe("OUTSIDE_TASK");
  });

  it("a subscription ends with its task, however that ends, and a waiter of a closed one gets undefined", async () => {
    const emitter = new EventEmitter();
    await run(function* () {
      const forgetful = spawn(function* () {
        on(emitter, "data");
        yield* sleep(1e9);
      });
      yield* sleep(0);
      expect(emitter.listenerCount("data")).toBe(1);
      yield* forgetful.cancel();
      expect(emitter.eventNames()).toEqual([]);
      const events = on(emitter, "data");
      const waiter = spawn(() => events.next());
      yield* sleep(0);
      events.close();
      expect(yield* waiter).toBe(undefined);
    });
  });

  it("an emitter that refuses a listener is the caller's error, and nothing stays behind", async () => {
    class Picky extends EventEmitter {
      override on(event: string, fn: (...words: unknown[]) => void): this {
        if (event === "error") throw new RangeError("no listeners for errors");
        return super.on(event, fn);
      }
    }
    await run(function* () {
      const emitter = new Picky();
      expect(yield* thrownBy(once(emitter, "data"))).toBe("RangeError");
      expect(thrown(() => on(emitter, "data"))).toBe("RangeError");
      expect(emitter.listenerCount("data")).toBe(0);
    });
  });
});
