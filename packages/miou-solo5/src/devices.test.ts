import { isCancelled, spawn, yieldNow } from "@uk/miou";
import { afterEach, describe, expect, it } from "vitest";
import { Block } from "./block.ts";
import { clockMonotonic } from "./clocks.ts";
import { block, constant, map, net } from "./device.ts";
import { DeviceError, HostOnlyError, Solo5Error } from "./errors.ts";
import { Net } from "./net.ts";
import { run } from "./run.ts";
import { sleep } from "./sleep.ts";
import type { DirectBlock, DirectNet } from "./solo5.ts";
import { installTarget } from "./target.ts";
import { type VirtualHardware, type VirtualTarget, virtualTarget } from "./testing/virtual-target.ts";

const MS = 1_000_000n;
afterEach(() => installTarget(undefined));

/** A target that programs of the test run on, and the milliseconds since it booted. */
function boot(hardware: VirtualHardware): { target: VirtualTarget; ms: () => number } {
  const target = virtualTarget({ boot: 0n, ...hardware });
  installTarget(target);
  return { target, ms: () => Number(clockMonotonic() / MS) };
}

/** A frame that says `text`. */
const frame = (text: string): Uint8Array => new TextEncoder().encode(text.padEnd(14, "."));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\.+$/, "");

/** Blocks of a disk, each filled with its number. */
const disk = (blocks: number): Uint8Array =>
  Uint8Array.from({ length: blocks * 512 }, (_, at) => Math.floor(at / 512));

describe("acquiring devices", () => {
  it("[193] goes left to right, depth first, and makes each device once", async () => {
    boot({ nets: ["a", "b"], disks: { c: disk(1) } });
    const order: string[] = [];
    const made = map([net("b")], function* (b: Net) {
      yield* yieldNow();
      order.push(`made from ${b.name}`);
      return "made";
    });
    await run([net("a"), made, block("c"), constant(7), made], function* (a, one, c, seven, two) {
      order.push(`${a.name} ${one} ${c.name} ${seven} ${two}`);
    });
    expect(order).toEqual(["made from b", "a made c 7 made"]);
  });

  it.each([
    { kind: "net" as const, device: net("missing") },
    { kind: "block" as const, device: block("missing") },
  ])(
    "[194] an unknown $kind device fails the run by name, and main is not called",
    async ({ kind, device }) => {
      boot({});
      const program = run([device], function* () {
        expect.unreachable();
      });
      await expect(program).rejects.toThrow(
        new DeviceError(kind, "missing", "the tender attached no such device"),
      );
    },
  );

  it("[192] gives the same device for a name that is asked for twice", async () => {
    boot({ nets: ["a"] });
    await run([net("a"), net("a")], function* (one, two) {
      expect(one).toBe(two);
      expect(Net.connect("a")).toEqual({ ok: true, value: one });
      expect(Block.connect("a")).toMatchObject({ ok: false, error: { device: "a" } });
    });
    expect(() => Net.connect("a")).toThrow(HostOnlyError);
  });
});

describe("a network device", () => {
  it("[196] is waited for while others sleep, in three yields, the last without an end", async () => {
    const { target, ms } = boot({ nets: ["a"] });
    target.arrive(30n * MS, "a", frame("late"));
    const lines: string[] = [];
    await run([net("a")], function* (a) {
      const sleeper = spawn(function* () {
        for (let n = 1; n <= 2; n++) {
          yield* sleep(10);
          lines.push(`slept at ${ms()}`);
        }
      });
      lines.push(`${text(yield* a.readFrame())} at ${ms()}`);
      yield* sleeper;
    });
    expect(lines).toEqual(["slept at 10", "slept at 20", "late at 30"]);
    expect(target.yields).toEqual([10n * MS, 20n * MS, (1n << 63n) - 1n]);
  });

  it("[197] wakes one reader a frame, in order of arrival", async () => {
    const { target, ms } = boot({ nets: ["a"] });
    target.arrive(5n * MS, "a", frame("one"));
    target.arrive(25n * MS, "a", frame("two"));
    const got: string[] = [];
    await run([net("a")], function* (a) {
      const readers = ["first", "second"].map((name) =>
        spawn(function* () {
          got.push(`${name}: ${text(yield* a.readFrame())} at ${ms()}`);
        }),
      );
      for (const reader of readers) yield* reader;
    });
    expect(got).toEqual(["first: one at 5", "second: two at 25"]);
    // Each tries once before it waits, and once when its frame is there.
    expect(target.calls).toEqual(new Array(4).fill("net read a"));
  });

  it("does not wake who reads another", async () => {
    const { target } = boot({ nets: ["a", "b"] });
    target.arrive(5n * MS, "a", frame("one"));
    target.arrive(25n * MS, "b", frame("two"));
    await run([net("a"), net("b")], function* (a, b) {
      const other = spawn(() => b.readFrame());
      expect(text(yield* a.readFrame())).toBe("one");
      expect(text(yield* other)).toBe("two");
    });
    expect(target.calls).toEqual(["net read a", "net read b", "net read a", "net read b"]);
  });

  it("[198] is looked at while tasks compute", async () => {
    const { target, ms } = boot({ nets: ["a"] });
    target.arrive(3n * MS, "a", frame("busy"));
    let read = -1;
    await run([net("a")], function* (a) {
      const reader = spawn(function* () {
        yield* a.readFrame();
        read = ms();
      });
      for (let slice = 0; slice < 10; slice++) {
        target.pass(MS);
        yield* yieldNow();
      }
      yield* reader;
    });
    expect(read).toBeLessThanOrEqual(4);
  });

  it("forgets a reader that was cancelled, and serves the next", async () => {
    const { target } = boot({ nets: ["a"] });
    target.arrive(5n * MS, "a", frame("one"));
    await run([net("a")], function* (a) {
      const first = spawn(() => a.readFrame());
      const second = spawn(() => a.readFrame());
      yield* yieldNow();
      yield* first.cancel();
      expect(text(yield* second)).toBe("one");
    });
  });

  it("serves tasks that read into the same buffer, in turn", async () => {
    const { target } = boot({ nets: ["a"] });
    for (const [n, text] of ["one", "two", "three"].entries())
      target.arrive(BigInt(n + 1) * MS, "a", frame(text));
    const got: string[] = [];
    await run([net("a")], function* (a) {
      const buffer = new Uint8Array(1514);
      const readers = ["first", "second"].map((name) =>
        spawn(function* () {
          got.push(`${name}: ${text(buffer.subarray(0, yield* a.read(buffer)))}`);
        }),
      );
      for (const reader of readers) yield* reader;
      got.push(`again: ${text(buffer.subarray(0, yield* a.read(buffer)))}`);
    });
    expect(got).toEqual(["first: one", "second: two", "again: three"]);
  });

  it("reads with a reading that was cancelled, or kept, as with a new one", async () => {
    const { target } = boot({ nets: ["a"] });
    await run([net("a")], function* (a) {
      const [buffer, other] = [new Uint8Array(1514), new Uint8Array(1514)];
      const reading = a.read(buffer);
      const first = spawn(() => reading);
      yield* yieldNow();
      yield* first.cancel();
      for (const text of ["one", "two", "three"]) target.arrive(0n, "a", frame(text));
      expect(yield* a.read(buffer)).toBe(14);
      expect(yield* a.read(other)).toBe(14);
      expect(yield* reading).toBe(14);
      expect([text(buffer.subarray(0, 14)), text(other.subarray(0, 14))]).toEqual(["three", "two"]);
    });
  });

  it("sends the first bytes of a buffer", async () => {
    const { target } = boot({ nets: ["a"] });
    await run([net("a")], function* (a) {
      const buffer = frame("longer than the frame");
      a.write(buffer, 14);
      for (const length of [13, 22, 1515, 14.5]) expect(() => a.write(buffer, length)).toThrow(RangeError);
    });
    expect(target.sent).toEqual(["longer than th"]);
  });

  it("is an error once the other end is gone", async () => {
    const { target } = boot({ nets: ["a"] });
    installTarget({ ...target, devices: { ...target.devices, netRead: () => -3 } });
    const program = run([net("a")], (a) => a.readFrame());
    await expect(program).rejects.toMatchObject({ code: "EUNSPEC", call: "net_read" });
  });

  it("reads a frame of no bytes as any other", async () => {
    const { target } = boot({ nets: ["a"] });
    for (const length of [0, 60, 0]) target.arrive(0n, "a", new Uint8Array(length));
    const lengths = await run([net("a")], function* (a) {
      const buffer = new Uint8Array(a.mtu + 14);
      return [yield* a.read(buffer), (yield* a.readFrame()).length, a.readSync(buffer), a.readSync(buffer)];
    });
    expect(lengths).toEqual([0, 60, 0, undefined]);
  });

  it.each([
    { host: "has room after a while", full: 3, sent: 1, dropped: 0 },
    { host: "has no room", full: 100, sent: 0, dropped: 1 },
  ])("a frame is tried a few times: the host $host", async ({ full, sent, dropped }) => {
    const { target } = boot({ nets: ["a"] });
    const { netWrite } = target.devices;
    let tries = 0;
    installTarget({
      ...target,
      devices: {
        ...target.devices,
        netWrite: (handle, frame) => (++tries > full ? netWrite(handle, frame) : -1),
      },
    });
    await run([net("a")], function* (a) {
      a.write(frame("once"));
      expect(a.dropped).toBe(dropped);
    });
    expect(target.sent).toHaveLength(sent);
    expect(tries).toBeLessThan(10);
  });

  it("[199] refuses a frame of the wrong size without a call, and a short buffer without taking a frame", async () => {
    const { target } = boot({ nets: ["a"] });
    target.arrive(0n, "a", frame("kept"));
    await run([net("a")], function* (a) {
      for (const size of [0, 13, 1515, 2000]) expect(() => a.write(new Uint8Array(size))).toThrow(RangeError);
      for (const length of [13, 1515, 20.5]) expect(() => a.writeInto(length, () => 14)).toThrow(RangeError);
      expect(() => a.writeInto(100, () => 101)).toThrow("101 of 100 bytes are to be sent");
      expect(target.calls).toEqual([]);
      const buffer = new Uint8Array(1513);
      const short = yield* spawn(() => a.read(buffer)).result();
      expect(short).toMatchObject({ ok: false, error: expect.any(RangeError) });
      expect(() => a.readSync(buffer)).toThrow(RangeError);
      // It is the target that refuses a buffer, and takes no frame for it.
      expect(target.calls).toEqual(["net read a", "net read a"]);
      expect(buffer).toEqual(new Uint8Array(1513));
      expect(text(yield* a.readFrame())).toBe("kept");
      a.write(frame("smallest"));
      a.writeInto(1514, (buffer) => buffer.length);
    });
    expect(target.sent.map((sent) => sent.length)).toEqual([14, 1514]);
  });
});

describe("a target with functions of its own for a device", () => {
  it("is called through them alone, and asks what to make of anything but success", async () => {
    const { target } = boot({ nets: ["a"], disks: { d: disk(4) } });
    const calls: string[] = [];
    const answers = [0, -2, -3, 0, -2, -1, 61, -2, 1, -1, 60];
    const answer = (...words: unknown[]): number => {
      calls.push(words.join(" "));
      return answers.shift() ?? 0;
    };
    const [nic, file] = [target.devices.netAcquire("a"), target.devices.blockAcquire("d")];
    if (nic === undefined || file === undefined) throw new Error("the target has both");
    const moves =
      (call: string): DirectBlock["reader"] =>
      (otherwise) =>
      (offset, buffer) => {
        const result = answer(call, offset, buffer.length);
        if (result !== 0) otherwise(result, offset, buffer);
      };
    const frames: DirectNet = {
      reader: (otherwise) => (into) => ({
        *[Symbol.iterator]() {
          for (;;) {
            const result = answer("net read", into.length);
            if (result > 1) return result;
            yield* otherwise(result, into);
          }
        },
      }),
      taker: (otherwise) => (into) => {
        const result = answer("net take", into.length);
        return result < 0 ? otherwise(result, into) : result;
      },
      writer: (otherwise) => (buffer, length) => {
        const result = answer("net write", buffer.length, length);
        if (result !== 0) otherwise(result, buffer, length);
      },
    };
    Object.assign(target.devices, {
      netAcquire: () => ({ ...nic, direct: frames }),
      blockAcquire: () => ({ ...file, direct: { reader: moves("read"), writer: moves("write") } }),
    });
    target.arrive(MS, "a", frame("woken"));
    await run([net("a"), block("d")], function* (a, d) {
      const buffer = new Uint8Array(2000);
      d.atomicRead(512n, buffer);
      expect(() => d.atomicRead(513n, buffer)).toThrow("offset 513 is not a multiple of the block size 512");
      expect(() => d.atomicWrite(0n, buffer)).toThrow("block_write: EUNSPEC");
      a.write(buffer, 60);
      expect(() => a.write(buffer)).toThrow("net.write: a frame of 2000 bytes: a frame has 14 to 1514");
      a.write(buffer, 14);
      expect(a.readSync(buffer)).toBe(61);
      expect(() => a.readSync(buffer.subarray(0, 60))).toThrow(
        "net.readSync: a buffer of 60 bytes for frames",
      );
      expect(yield* a.read(buffer)).toBe(60);
    });
    expect(calls).toEqual([
      "read 512 2000",
      "read 513 2000",
      "write 0 2000",
      "net write 2000 60",
      "net write 2000 ",
      "net write 2000 14",
      "net take 2000",
      "net take 60",
      "net read 2000",
      "net read 2000",
      "net read 2000",
    ]);
    // What did not fit at first was tried again, and a wait was a wait for the device.
    expect(target.sent.map((sent) => sent.length)).toEqual([14]);
    expect(target.yields).toHaveLength(1);
  });
});

describe("a block device", () => {
  it("[200] performs a scheduled read without a yield", async () => {
    const { target } = boot({ disks: { d: disk(4) } });
    const into = new Uint8Array(512);
    await run([block("d")], (d) => d.read(1024n, into));
    expect(into[0]).toBe(2);
    expect(target.yields).toEqual([]);
  });

  it("[201] moves at most one block a round while others compute, in order", async () => {
    const { target } = boot({ disks: { d: disk(8) } });
    const steps: string[] = [];
    await run([block("d")], function* (d) {
      const readers = [0, 1, 2, 3, 4].map((n) =>
        spawn(function* () {
          const into = new Uint8Array(512);
          yield* d.read(BigInt(n * 512), into);
          steps.push(`block ${into[0]}`);
        }),
      );
      for (let n = 0; n < 12; n++) {
        steps.push("compute");
        yield* yieldNow();
      }
      for (const reader of readers) yield* reader;
    });
    expect(steps.filter((step) => step !== "compute")).toEqual([0, 1, 2, 3, 4].map((n) => `block ${n}`));
    expect(steps.slice(steps.indexOf("block 0"), steps.indexOf("block 4"))).toContain("compute");
    expect(target.calls).toHaveLength(5);
  });

  it("refuses what is not bytes before any effect", async () => {
    const { target } = boot({ disks: { d: disk(4) } });
    const words = new Uint16Array(512) as unknown as Uint8Array;
    await run([block("d")], function* (d) {
      for (const call of [() => d.atomicRead(0n, words), () => d.atomicWrite(0n, words)])
        expect(call).toThrow(TypeError);
      for (const call of ["read", "write"] as const)
        expect(yield* spawn(() => d[call](0n, words)).result()).toMatchObject({
          error: new TypeError(`block.${call}: the buffer must be a Uint8Array`),
        });
    });
    expect(target.calls).toEqual([]);
  });

  it("[202] lets a sleeper run between slow blocks", async () => {
    const { ms } = boot({ disks: { d: disk(8) }, blockTime: 2n * MS });
    const lines: string[] = [];
    await run([block("d")], function* (d) {
      const readers = [0, 1, 2, 3, 4].map((n) =>
        spawn(function* () {
          yield* d.read(BigInt(n * 512), new Uint8Array(512));
          lines.push(`block ${n}`);
        }),
      );
      yield* sleep(5);
      lines.push(`awake at ${ms()}`);
      for (const reader of readers) yield* reader;
    });
    expect(lines).toEqual(["block 0", "block 1", "awake at 6", "block 2", "block 3", "block 4"]);
  });

  it("lets a sleeper run between slow blocks that another task waits for", async () => {
    const { ms } = boot({ disks: { d: disk(50) }, blockTime: 2n * MS });
    let awake: number | undefined;
    await run([block("d")], function* (d) {
      const readers = Array.from({ length: 50 }, (_, n) =>
        spawn(() => d.read(BigInt(n * 512), new Uint8Array(512))),
      );
      const sleeper = spawn(function* () {
        yield* sleep(5);
        awake = ms();
      });
      for (const reader of readers) yield* reader;
      yield* sleeper;
    });
    // Due at 5 ms, in the third block; one more may be moved before its turn.
    expect(awake).toBeLessThanOrEqual(8);
  });

  it("lets a reader of frames run between slow blocks", async () => {
    const { target, ms } = boot({ nets: ["a"], disks: { d: disk(8) }, blockTime: 2n * MS });
    target.arrive(3n * MS, "a", frame("between"));
    const lines: string[] = [];
    await run([net("a"), block("d")], function* (a, d) {
      const readers = [0, 1, 2, 3, 4].map((n) =>
        spawn(function* () {
          yield* d.read(BigInt(n * 512), new Uint8Array(512));
          lines.push(`block ${n}`);
        }),
      );
      lines.push(`${text(yield* a.readFrame())} at ${ms()}`);
      for (const reader of readers) yield* reader;
    });
    expect(lines).toEqual(["block 0", "block 1", "between at 4", "block 2", "block 3", "block 4"]);
  });

  it.each([
    { what: "of one block", size: 512 },
    { what: "that is longer", size: 1000 },
  ])(
    "writes what a buffer $what holds when its turn comes, not when that was asked for",
    async ({ size }) => {
      const content = disk(2);
      const { target } = boot({ disks: { d: content } });
      await run([block("d")], function* (d) {
        const buffer = new Uint8Array(size).fill(7);
        const before = [1, 2, 3].map(() => spawn(() => d.read(0n, new Uint8Array(512))));
        let asked = false;
        const writer = spawn(function* () {
          asked = true;
          yield* d.write(512n, buffer);
        });
        const other = spawn(function* () {
          expect(asked).toBe(true);
          expect(target.calls).not.toContain("write 512");
          buffer.fill(8);
        });
        for (const task of [...before, writer, other]) yield* task;
      });
      expect(content.subarray(512)).toEqual(new Uint8Array(512).fill(8));
    },
  );

  it.each([
    { why: "past the end", offset: 2048n, size: 512 },
    { why: "far past the end", offset: 1n << 62n, size: 512 },
    { why: "before the start", offset: -512n, size: 512 },
    { why: "off the block boundary", offset: 1n, size: 512 },
    { why: "into too small a buffer", offset: 0n, size: 511 },
  ])("[203] refuses to read or write $why, without a call", async ({ offset, size }) => {
    const { target } = boot({ disks: { d: disk(4) } });
    await run([block("d")], function* (d) {
      const buffer = new Uint8Array(size);
      for (const call of ["atomicRead", "atomicWrite", "read", "write"] as const)
        expect(() => d[call](offset, buffer)).toThrow(RangeError);
    });
    expect(target.calls).toEqual([]);
  });

  it("[203] reads into a view in the middle of a buffer, and the last block", async () => {
    boot({ disks: { d: disk(4) } });
    const buffer = new Uint8Array(1024);
    await run([block("d")], function* (d) {
      d.atomicRead(d.capacity - 512n, buffer.subarray(512));
      d.atomicWrite(0n, buffer.subarray(512));
      d.atomicRead(0n, buffer);
    });
    expect([buffer[0], buffer[511], buffer[512], buffer[1023]]).toEqual([3, 3, 3, 3]);
  });

  it("[204] throws a refusal of the host in the task that asked", async () => {
    boot({
      disks: { d: disk(4) },
      refuse: (call, offset) => (call === "write" || offset === 512n ? -3 : undefined),
    });
    await run([block("d")], function* (d) {
      const buffer = new Uint8Array(512);
      const outcome = yield* spawn(() => d.read(512n, buffer)).result();
      expect(outcome).toMatchObject({ ok: false, error: { code: "EUNSPEC", call: "block_read" } });
      yield* d.read(0n, buffer);
      expect(() => d.atomicWrite(0n, buffer)).toThrow(Solo5Error);
    });
  });

  it("[205] leaves the device alone when the task is cancelled before its turn", async () => {
    const { target } = boot({ disks: { d: disk(4) } });
    await run([block("d")], function* (d) {
      const first = spawn(() => d.read(0n, new Uint8Array(512)));
      const second = spawn(function* () {
        try {
          yield* d.write(512n, new Uint8Array(512));
        } catch (error) {
          expect(isCancelled(error)).toBe(true);
          throw error;
        }
      });
      yield* second.cancel();
      yield* first;
    });
    expect(target.calls).toEqual(["read 0"]);
  });
});
