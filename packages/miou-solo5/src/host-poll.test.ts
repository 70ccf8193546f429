import { sleep, spawn } from "@uk/miou";
import { afterEach, describe, expect, it } from "vitest";
import { Block } from "./block.ts";
import { block, net } from "./device.ts";
import { HostOnlyError } from "./errors.ts";
import { addYieldHook } from "./hooks.ts";
import { Net } from "./net.ts";
import { run } from "./run.ts";
import type { Solo5 } from "./solo5.ts";
import { installTarget } from "./target.ts";
import { type VirtualTarget, virtualTarget } from "./testing/virtual-target.ts";

afterEach(() => installTarget(undefined));

/** A target in Node's loop, whose devices are those of `target`; frames become readable by `tell`. */
function inLoop(target: VirtualTarget): { watched: bigint[]; tell: () => void } {
  const { yield: _, ...rest } = target;
  let ready: ((set: bigint) => void) | undefined;
  const watched: bigint[] = [];
  const hosted: Solo5 = {
    ...rest,
    watch(handles, tell) {
      watched.push(handles);
      ready = handles === 0n ? undefined : tell;
    },
  };
  installTarget(hosted);
  return {
    watched,
    tell: () => {
      const told = ready;
      ready = undefined;
      told?.(target.yield(target.clockMonotonic()));
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const frame = new Uint8Array(60);

describe("devices in a host's event loop", () => {
  it("a reader waits while the loop goes on, and takes the frame when there is one", async () => {
    const target = virtualTarget({ nets: ["service"] });
    const { watched, tell } = inLoop(target);
    const program = run([net("service")], function* (service) {
      return (yield* service.readFrame()).length;
    });
    await turn();
    expect(watched).toEqual([2n]);
    target.arrive(0n, "service", frame);
    tell();
    expect(await program).toBe(60);
  });

  it("readers of one device are served in their order, one a frame", async () => {
    const target = virtualTarget({ nets: ["service"] });
    const { tell } = inLoop(target);
    const order: string[] = [];
    const program = run([net("service")], function* (service) {
      const readers = ["first", "second"].map((name) =>
        spawn(function* () {
          yield* service.readFrame();
          order.push(name);
        }),
      );
      for (const reader of readers) yield* reader;
    });
    await turn();
    target.arrive(0n, "service", frame);
    tell();
    await turn();
    expect(order).toEqual(["first"]);
    target.arrive(0n, "service", frame);
    tell();
    await program;
    expect(order).toEqual(["first", "second"]);
    // Each tries once before it waits, and once when its frame is there.
    expect(target.calls).toEqual(new Array(4).fill("net read service"));
  });

  it("programs that run at the same time share the devices, and each is woken", async () => {
    const target = virtualTarget({ nets: ["a", "b"] });
    const { watched, tell } = inLoop(target);
    const found: unknown[] = [];
    const [one, other] = (["a", "b"] as const).map((name) =>
      run([net(name)], function* (device) {
        const length = (yield* device.readFrame()).length;
        const again = Net.connect(name);
        found.push(again.ok && again.value === device);
        return length;
      }),
    );
    await turn();
    expect(watched.at(-1)).toBe(6n);
    target.arrive(0n, "a", frame);
    tell();
    expect(await one).toBe(60);
    await turn();
    target.arrive(0n, "b", frame);
    tell();
    expect(await other).toBe(60);
    expect(found).toEqual([true, true]);
    expect(target.calls).toEqual(["net read a", "net read b", "net read a", "net read b"]);
    expect(() => Net.connect("a")).toThrow(HostOnlyError);
  });

  it("a wait that is given up is no longer watched", async () => {
    const target = virtualTarget({ nets: ["service"] });
    const { watched } = inLoop(target);
    await run([net("service")], function* (service) {
      const reader = spawn(() => service.readFrame());
      yield* sleep(1);
      yield* reader.cancel();
    });
    expect(watched).toEqual([2n, 0n]);
  });

  it("scheduled blocks move in order, one a turn, and a cancelled one is left alone", async () => {
    const target = virtualTarget({ disks: { disk: new Uint8Array(2048) } });
    inLoop(target);
    /** The calls that there had been when a task went on. */
    const turns: string[][] = [];
    await run([block("disk")], function* (disk) {
      const reads = [0n, 512n, 1024n, 1536n].map((offset) =>
        spawn(function* () {
          yield* disk.read(offset, new Uint8Array(512));
          turns.push([...target.calls]);
        }),
      );
      yield* sleep(0);
      for (const [index, read] of reads.entries()) yield* index === 2 ? read.cancel() : read;
    });
    const calls = ["read 0", "read 512", "read 1536"];
    expect(target.calls).toEqual(calls);
    expect(turns).toEqual([calls.slice(0, 1), calls.slice(0, 2), calls]);
  });

  it("hooks run after each wait, and Net and Block connect while the program runs", async () => {
    const target = virtualTarget({ disks: { disk: new Uint8Array(512) } });
    inLoop(target);
    let waits = 0;
    const hook = addYieldHook(() => waits++);
    await run([], function* () {
      yield* sleep(2);
      yield* sleep(2);
      const found = Block.connect("disk");
      expect(found.ok && found.value.capacity).toBe(512n);
    });
    hook.remove();
    // A host's timer may fire early, and is then waited for once more.
    expect(waits).toBeGreaterThanOrEqual(2);
    expect(() => Block.connect("disk")).toThrow(HostOnlyError);
  });
});
