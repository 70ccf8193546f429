// What every target promises (ABI section 7, and `Solo5` of @uk/miou-solo5): one list of cases for all of them.
import { type Operation, spawn, timeout, until, yieldNow } from "@uk/miou";
import {
  addYieldHook,
  argv,
  type Block,
  clockMonotonic,
  clockWall,
  heapSize,
  type Net,
  type Solo5,
  sleep,
  sleepNs,
} from "@uk/miou-solo5";
import { currentTarget } from "@uk/miou-solo5/target";
import { frameOf, HEADER, isOurs, isSame } from "./frames.ts";

/** What the suite is run with: the devices of `main.ts`, as `hardware.ts` describes them. */
export interface Fixture {
  /** A network with the peer on it. */
  readonly service: Net;
  /** A network with nobody on it. */
  readonly quiet: Net;
  /** A socket from which frames of 0, 60, 0 and 61 bytes come, and no more. */
  readonly wire: Net;
  /** 8 blocks of 512 bytes, the byte at n being n mod 251. */
  readonly storage: Block;
  /** 2 blocks of 4096 bytes, zeros. */
  readonly pages: Block;
  /** 2 blocks of 512 bytes, all 7, not to be written. */
  readonly fixed: Block;
}

interface Case {
  readonly name: string;
  run(fixture: Fixture, solo5: Solo5): Operation<void> | void;
}

const [OK, AGAIN, EINVAL, EUNSPEC] = [0, -1, -2, -3];
const MS = 1_000_000n;
const [SIZE, BLOCKS] = [512, 8];

/** Runs all cases; one line for each. */
export function* conformance(fixture: Fixture): Operation<void> {
  const solo5 = currentTarget();
  if (solo5 === undefined) throw new Error("there is no target");
  let failures = 0;
  for (const each of cases) {
    try {
      // A case that waits in vain shall say so and let the others run.
      yield* timeout(10_000, function* () {
        const work = each.run(fixture, solo5);
        if (work !== undefined) yield* work;
      });
      console.log(`ok ${each.name}`);
    } catch (error) {
      failures++;
      console.log(`FAILED ${each.name}: ${error}`);
    }
  }
  console.log(
    failures === 0 ? `all ${cases.length} promises kept` : `${failures} of ${cases.length} promises broken`,
  );
}

function expect(actual: unknown, expected: unknown, what = ""): void {
  if (Object.is(actual, expected)) return;
  throw new Error(`${what === "" ? "" : `${what}: `}expected ${String(expected)}, got ${String(actual)}`);
}

function throws(kind: new () => Error, call: () => unknown): void {
  try {
    call();
  } catch (error) {
    holds(error instanceof kind, `${String(error)} is a ${kind.name}`);
    return;
  }
  throw new Error(`no ${kind.name} was thrown`);
}

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`it does not hold that ${what}`);
}

function devicesOf(solo5: Solo5) {
  const { devices } = solo5;
  if (devices === undefined) throw new Error("the target has no devices");
  return devices;
}

/** The handle of a device that the fixture has. */
function handleOf(solo5: Solo5, kind: "net" | "block", name: string): number {
  const devices = devicesOf(solo5);
  const port = kind === "net" ? devices.netAcquire(name) : devices.blockAcquire(name);
  if (port === undefined) throw new Error(`there is no device ${name}`);
  return port.handle;
}

/** The next frame of ours. */
function* receive(service: Net): Operation<Uint8Array> {
  for (;;) {
    const frame = yield* service.readFrame();
    if (isOurs(frame)) return frame;
  }
}

/** Sends a frame and gets it back. */
function* echo(service: Net, frame: Uint8Array): Operation<void> {
  service.write(frame);
  holds(isSame(yield* receive(service), frame), `a frame of ${frame.length} bytes comes back as it was`);
}

/** What `storage` holds at the beginning. */
const original = (offset: number, length = SIZE): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (offset + at) % 251);

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** The same bytes in memory that nobody may write to: of the engine's own kind where it has that, or said to be so. */
function immutable(bytes: Uint8Array): Uint8Array {
  const memory = bytes.slice().buffer as ArrayBuffer & { transferToImmutable?(): ArrayBuffer };
  if (memory.transferToImmutable !== undefined) return new Uint8Array(memory.transferToImmutable());
  return new Uint8Array(Object.defineProperty(memory, "immutable", { value: true }));
}

/** Values that are nobody's handle. */
const NO_HANDLES = [0, 64, 63, -1, 2 ** 31 - 1, 2 ** 32 + 1, -(2 ** 32) + 1, 1.5, Number.NaN];

/** Places and lengths of which no block is read or written. */
const MISFITS: readonly (readonly [offset: bigint, length: number])[] = [
  [BigInt(SIZE * BLOCKS), SIZE], // one past the last
  [1n, SIZE],
  [BigInt(SIZE - 1), SIZE],
  [0n, 0],
  [0n, 1],
  [0n, SIZE - 1],
  [0n, SIZE + 1],
  [0n, 2 * SIZE],
  [BigInt(SIZE * (BLOCKS - 1)), 2 * SIZE],
  [1n << 63n, SIZE],
  [(1n << 64n) - BigInt(SIZE), SIZE],
  [-BigInt(SIZE), SIZE],
  [1n << 64n, SIZE],
  [-(1n << 64n), SIZE],
  [(1n << 64n) + BigInt(SIZE), SIZE],
  [1n << 200n, SIZE],
];

/** What is no handle, no memory and no offset of a block. */
const NONSENSE: readonly unknown[] = [
  ...[undefined, null, true, 0, "", "1", 1n, Symbol("1"), () => 1, [1]],
  ...[{ length: SIZE }, new ArrayBuffer(SIZE), new Uint16Array(SIZE), new DataView(new ArrayBuffer(SIZE))],
  new Proxy(new Uint8Array(SIZE), {}),
  {
    valueOf(): never {
      throw new Error("nobody is to ask");
    },
  },
];

const cases: readonly Case[] = [
  {
    name: "the command line reaches the program, spacing kept, and argv is its words",
    run(_, solo5) {
      expect(solo5.cmdline, "one  two three");
      expect(argv.join(","), "uk,one,two,three");
    },
  },
  {
    name: "the monotonic clock never goes back",
    run() {
      let last = clockMonotonic();
      for (let n = 0; n < 1000; n++) {
        const now = clockMonotonic();
        holds(now >= last, `${now} is not before ${last}`);
        last = now;
      }
    },
  },
  {
    name: "the wall clock counts ns since 1970",
    run() {
      const [year2026, year2100] = [1_767_225_600_000_000_000n, 4_102_444_800_000_000_000n];
      holds(clockWall() >= year2026 && clockWall() < year2100, "it is between 2026 and 2100");
    },
  },
  {
    name: "a sleep takes at least its time, on both clocks",
    *run() {
      const [monotonic, wall] = [clockMonotonic(), clockWall()];
      yield* sleepNs(20n * MS);
      holds(clockMonotonic() - monotonic >= 20n * MS, "20 ms have passed");
      holds(clockWall() - wall >= 15n * MS, "about 20 ms have passed on the wall");
    },
  },
  {
    name: "hooks run when a wait is over",
    *run() {
      let runs = 0;
      const hook = addYieldHook(() => runs++);
      yield* sleep(2);
      hook.remove();
      holds(runs > 0, "the hook ran");
    },
  },
  {
    name: "native promises settle while tasks wait",
    *run() {
      expect(yield* until(Promise.resolve(1).then((one) => one + 1)), 2);
    },
  },
  {
    name: "the memory of the program is a number of bytes, or unbounded",
    run() {
      holds(heapSize() >= 1 << 20, "there is at least a MiB");
    },
  },
  {
    name: "a device is acquired by its name and kind only",
    run(_, solo5) {
      const devices = devicesOf(solo5);
      for (const name of ["storage", "nobody", "servic", "service1", "", "service\0", "SERVICE"])
        expect(devices.netAcquire(name), undefined, `net ${JSON.stringify(name)}`);
      for (const name of ["service", "nobody", "storag", "storage1", "", "storage\0", "STORAGE"])
        expect(devices.blockAcquire(name), undefined, `block ${JSON.stringify(name)}`);
    },
  },
  {
    name: "a device acquired twice is the same device",
    run({ service, storage }, solo5) {
      const devices = devicesOf(solo5);
      const [net, block] = [devices.netAcquire("service"), devices.blockAcquire("storage")];
      expect(devices.netAcquire("service")?.handle, net?.handle);
      expect(devices.blockAcquire("storage")?.handle, block?.handle);
      expect(net?.mtu, service.mtu);
      expect(String(net?.mac), String(service.mac));
      expect(block?.capacity, storage.capacity);
    },
  },
  {
    name: "handles are numbers from 1 to 63, one a device",
    run(_, solo5) {
      const handles = [
        ...["service", "quiet", "wire"].map((name) => handleOf(solo5, "net", name)),
        ...["storage", "pages", "fixed"].map((name) => handleOf(solo5, "block", name)),
      ];
      expect(new Set(handles).size, 6);
      for (const handle of handles) holds(Number.isInteger(handle) && handle >= 1 && handle <= 63, "it is");
    },
  },
  {
    name: "a network device has a unicast address of 6 bytes and an MTU",
    run({ service, quiet }) {
      for (const { mac, mtu } of [service, quiet]) {
        expect(mac.length, 6);
        expect((mac[0] ?? 1) & 1, 0, "the group bit");
        holds(
          mac.some((byte) => byte !== 0),
          "the address is not zero",
        );
        expect(mtu, 1500);
      }
      holds(String(service.mac) !== String(quiet.mac), "two devices have two addresses");
    },
  },
  {
    name: "where no frame is, a read says so at once and leaves the buffer alone",
    run({ quiet }, solo5) {
      const buffer = new Uint8Array(quiet.mtu + HEADER).fill(9);
      expect(devicesOf(solo5).netRead(handleOf(solo5, "net", "quiet"), buffer), AGAIN);
      holds(
        buffer.every((byte) => byte === 9),
        "nothing was written",
      );
    },
  },
  {
    name: "frames of every length come back as they were sent",
    *run({ service }) {
      const most = service.mtu + HEADER;
      for (const length of [HEADER, HEADER + 1, 60, 61, 64, 1000, most - 1, most])
        yield* echo(service, frameOf(service.mac, length, length));
    },
  },
  {
    name: "a read writes as many bytes as the frame has, at the view it was given",
    *run({ service }) {
      const room = service.mtu + HEADER;
      const memory = new Uint8Array(room + 20).fill(9);
      service.write(frameOf(service.mac, 60));
      let length = 0;
      do length = yield* service.read(memory.subarray(10, 10 + room));
      while (!isOurs(memory.subarray(10)));
      expect(length, 60);
      holds(
        memory.subarray(0, 10).every((byte) => byte === 9),
        "the bytes before are as they were",
      );
      holds(
        memory.subarray(70).every((byte) => byte === 9),
        "the bytes behind are as they were",
      );
    },
  },
  {
    name: "frames come in the order in which they were sent",
    *run({ service }) {
      for (let n = 0; n < 20; n++) service.write(frameOf(service.mac, 60 + n));
      for (let n = 0; n < 20; n++) expect((yield* receive(service)).length, 60 + n);
    },
  },
  {
    name: "a reader sleeps until there is a frame, and other tasks run meanwhile",
    *run({ service }) {
      const start = clockMonotonic();
      let ticks = 0;
      const ticker = spawn(function* () {
        for (;;) {
          yield* sleep(5);
          ticks++;
        }
      });
      yield* echo(service, frameOf(service.mac, 60, 0, 50));
      yield* ticker.cancel();
      holds(clockMonotonic() - start >= 50n * MS, "50 ms have passed");
      holds(ticks >= 2, "the other task ran");
    },
  },
  {
    name: "who waits for one device is not woken by another",
    *run({ service, quiet }) {
      let woken = false;
      const waiter = spawn(function* () {
        yield* receive(quiet);
        woken = true;
      });
      yield* echo(service, frameOf(service.mac, 60));
      yield* sleep(5);
      yield* waiter.cancel();
      expect(woken, false);
    },
  },
  {
    name: "a sleep may be longer than a clock counts",
    *run({ service }) {
      const sleepers = [sleep(Number.MAX_VALUE), sleep(1e300), sleepNs((1n << 64n) + 5n)].map((long) =>
        spawn(() => long),
      );
      yield* sleep(0); // so that all of them begin
      yield* echo(service, frameOf(service.mac, 60));
      for (const sleeper of sleepers) yield* sleeper.cancel();
    },
  },
  {
    name: "a reader that gives up takes no frame",
    *run({ service }) {
      const reader = spawn(() => receive(service));
      yield* sleep(1);
      yield* reader.cancel();
      yield* echo(service, frameOf(service.mac, 60));
    },
  },
  {
    name: "a reading may be kept, shared by tasks, and given up, and still reads",
    *run({ service }) {
      const buffer = new Uint8Array(service.mtu + HEADER);
      const reading = service.read(buffer);
      const readers = ["first", "second", "third"].map(() => spawn(() => reading));
      yield* sleep(1);
      yield* readers[0]?.cancel() ?? sleep(0);
      for (const length of [60, 61]) service.write(frameOf(service.mac, length));
      const lengths: number[] = [];
      for (const reader of readers.slice(1)) lengths.push(yield* reader);
      service.write(frameOf(service.mac, 62));
      lengths.push(yield* reading);
      service.write(frameOf(service.mac, 63));
      lengths.push(yield* service.read(buffer));
      expect(lengths.join(), "60,61,62,63");
      holds(isOurs(buffer), "the last frame is in the buffer");
      // Who calls `next` without a scheduler may do what it likes with the answer.
      service.write(frameOf(service.mac, 64));
      yield* sleep(20);
      const step = Object.freeze(service.read(buffer)[Symbol.iterator]().next());
      expect(`${step.done} ${step.value}`, "true 64");
      yield* echo(service, frameOf(service.mac, 60));
    },
  },
  {
    name: "frames may be read without an operation, 64 of them before others have their turn",
    *run({ service }) {
      const buffer = new Uint8Array(service.mtu + HEADER);
      for (let n = 0; n < 100; n++) service.write(frameOf(service.mac, 60));
      yield* sleep(50);
      let turns = 0;
      const other = spawn(function* () {
        for (;;) {
          yield* yieldNow();
          turns++;
        }
      });
      yield* sleep(1);
      const before = turns;
      for (let seen = 0; seen < 100; seen++) {
        let length = 0;
        do length = service.readSync(buffer) ?? (yield* service.read(buffer));
        while (!isOurs(buffer));
        expect(length, 60);
      }
      holds(turns > before, "another task ran");
      yield* other.cancel();
      for (let length = service.readSync(buffer); length !== undefined; length = service.readSync(buffer))
        holds(!isOurs(buffer), "no frame came twice");
      service.write(frameOf(service.mac, 61));
      yield* sleep(20);
      // Nothing there a moment ago says nothing about now.
      let length = service.readSync(buffer);
      while (length === undefined || !isOurs(buffer)) length = service.readSync(buffer);
      expect(length, 61);
      yield* echo(service, frameOf(service.mac, 60));
    },
  },
  {
    name: "a datagram of no bytes is a frame of no bytes, and not the end of the device",
    *run({ wire }, solo5) {
      const buffer = new Uint8Array(wire.mtu + HEADER).fill(9);
      expect(yield* wire.read(buffer), 0);
      holds(
        buffer.every((byte) => byte === 9),
        "nothing was written",
      );
      expect((yield* wire.readFrame()).length, 60);
      expect(wire.readSync(buffer), 0);
      expect(devicesOf(solo5).netRead(handleOf(solo5, "net", "wire"), buffer), 61);
      yield* sleep(5);
      expect(devicesOf(solo5).netRead(handleOf(solo5, "net", "wire"), buffer), AGAIN);
    },
  },
  {
    name: "a frame too long or too short is refused and not sent",
    *run({ service }, solo5) {
      const [devices, handle] = [devicesOf(solo5), handleOf(solo5, "net", "service")];
      const most = service.mtu + HEADER;
      for (const length of [0, 1, HEADER - 1, most + 1, 2 * most, 65536])
        expect(
          devices.netWrite(handle, frameOf(service.mac, Math.max(length, 20)).subarray(0, length)),
          EINVAL,
          `${length} bytes`,
        );
      yield* echo(service, frameOf(service.mac, 60));
    },
  },
  {
    name: "a buffer without room for the largest frame is refused, and no frame is lost",
    *run({ service }, solo5) {
      const [devices, handle] = [devicesOf(solo5), handleOf(solo5, "net", "service")];
      service.write(frameOf(service.mac, 60));
      yield* sleep(20);
      for (const length of [0, 1, 60, service.mtu + HEADER - 1])
        expect(devices.netRead(handle, new Uint8Array(length)), EINVAL, `${length} bytes`);
      expect((yield* receive(service)).length, 60);
    },
  },
  {
    name: "nobody's handle, and a device of the other kind, are refused",
    run({ service }, solo5) {
      const devices = devicesOf(solo5);
      const room = new Uint8Array(service.mtu + HEADER);
      const block = new Uint8Array(SIZE);
      for (const handle of [...NO_HANDLES, handleOf(solo5, "block", "storage")]) {
        expect(devices.netRead(handle, room), EINVAL, `netRead ${handle}`);
        expect(devices.netWrite(handle, frameOf(service.mac, 60)), EINVAL, `netWrite ${handle}`);
      }
      for (const handle of [...NO_HANDLES, handleOf(solo5, "net", "service")]) {
        expect(devices.blockRead(handle, 0n, block), EINVAL, `blockRead ${handle}`);
        expect(devices.blockWrite(handle, 0n, block), EINVAL, `blockWrite ${handle}`);
      }
    },
  },
  {
    name: "what is no handle, no memory or no offset at all is refused in the same way",
    run({ service }, solo5) {
      const devices = devicesOf(solo5);
      const [net, block] = [handleOf(solo5, "net", "service"), handleOf(solo5, "block", "storage")];
      const [room, one] = [new Uint8Array(service.mtu + HEADER), new Uint8Array(SIZE)];
      for (const [at, nonsense] of NONSENSE.entries()) {
        const it = nonsense as never;
        expect(devices.netRead(it, room), EINVAL, `netRead from ${at}`);
        expect(devices.netRead(net, it), EINVAL, `netRead into ${at}`);
        expect(devices.netWrite(it, frameOf(service.mac, 60)), EINVAL, `netWrite to ${at}`);
        expect(devices.netWrite(net, it), EINVAL, `netWrite of ${at}`);
        for (const move of ["blockRead", "blockWrite"] as const) {
          expect(devices[move](it, 0n, one), EINVAL, `${move} on ${at}`);
          expect(devices[move](block, it, one), EINVAL, `${move} at ${at}`);
          expect(devices[move](block, 0n, it), EINVAL, `${move} with ${at}`);
        }
      }
    },
  },
  {
    name: "memory that is immutable is not read into, and may be written from",
    *run({ service, storage }, solo5) {
      const devices = devicesOf(solo5);
      const [net, block] = [handleOf(solo5, "net", "service"), handleOf(solo5, "block", "storage")];
      const [frame, room] = [
        immutable(frameOf(service.mac, 60)),
        immutable(new Uint8Array(service.mtu + HEADER)),
      ];
      const before = new Uint8Array(SIZE);
      storage.atomicRead(0n, before);
      const one = immutable(before.map((byte) => ~byte));
      expect(devices.blockRead(block, 0n, one), EINVAL, "blockRead");
      throws(TypeError, () => storage.atomicRead(0n, one));
      throws(TypeError, () => storage.read(0n, one));
      expect(devices.netRead(net, room), EINVAL, "netRead");
      throws(TypeError, () => service.readSync(room));
      holds(
        isSame(
          one,
          before.map((byte) => ~byte),
        ) && room.every((byte) => byte === 0),
        "nothing is written there",
      );
      service.write(frame);
      holds(isSame(yield* receive(service), frame), "it is sent");
      storage.atomicWrite(0n, one);
      const after = new Uint8Array(SIZE);
      storage.atomicRead(0n, after);
      holds(isSame(after, one), "it is written");
      storage.atomicWrite(0n, before);
    },
  },
  {
    name: "a block device has its capacity and block size",
    run({ storage, pages, fixed }) {
      expect(`${storage.capacity} ${storage.blockSize}`, "4096 512");
      expect(`${pages.capacity} ${pages.blockSize}`, "8192 4096");
      expect(`${fixed.capacity} ${fixed.blockSize}`, "1024 512");
    },
  },
  {
    name: "every block can be read, the first and the last included",
    *run({ storage }) {
      for (let number = 0; number < BLOCKS; number++) {
        const [now, later] = [new Uint8Array(SIZE), new Uint8Array(SIZE)];
        storage.atomicRead(BigInt(number * SIZE), now);
        yield* storage.read(BigInt(number * SIZE), later);
        holds(same(now, original(number * SIZE)), `block ${number} is what is on the disk`);
        holds(same(later, now), `block ${number} is the same later`);
      }
    },
  },
  {
    name: "what is no whole block of the device is refused, and nothing is moved",
    run({ storage }, solo5) {
      const [devices, handle] = [devicesOf(solo5), handleOf(solo5, "block", "storage")];
      for (const [offset, length] of MISFITS) {
        const block = new Uint8Array(length).fill(9);
        expect(devices.blockRead(handle, offset, block), EINVAL, `read of ${length} bytes at ${offset}`);
        expect(devices.blockWrite(handle, offset, block), EINVAL, `write of ${length} bytes at ${offset}`);
        holds(
          block.every((byte) => byte === 9),
          "the buffer is as it was",
        );
      }
      const all = new Uint8Array(SIZE);
      for (let number = 0; number < BLOCKS; number++) {
        storage.atomicRead(BigInt(number * SIZE), all);
        holds(same(all, original(number * SIZE)), `block ${number} is as it was`);
      }
    },
  },
  {
    name: "what is written is read again, at once and later, and no other block changes",
    *run({ storage }) {
      const content = new Uint8Array(SIZE).fill(0xa5);
      storage.atomicWrite(0n, content);
      yield* storage.write(BigInt(SIZE * (BLOCKS - 1)), content);
      for (let number = 0; number < BLOCKS; number++) {
        const block = new Uint8Array(SIZE);
        yield* storage.read(BigInt(number * SIZE), block);
        const written = number === 0 || number === BLOCKS - 1;
        holds(same(block, written ? content : original(number * SIZE)), `block ${number} is as it should be`);
      }
    },
  },
  {
    name: "a block is moved to and from the view it was given",
    run({ pages }) {
      const memory = Uint8Array.from({ length: 4096 + 20 }, (_, at) => at & 0xff);
      pages.atomicWrite(4096n, memory.subarray(10, 10 + 4096));
      const back = new Uint8Array(4096 + 20).fill(9);
      pages.atomicRead(4096n, back.subarray(5, 5 + 4096));
      holds(same(back.subarray(5, 5 + 4096), memory.subarray(10, 10 + 4096)), "it is the same");
      holds(
        [...back.subarray(0, 5), ...back.subarray(4101)].every((byte) => byte === 9),
        "no more was written",
      );
    },
  },
  {
    name: "what is not to be written is refused, and stays as it is",
    run(_, solo5) {
      const [devices, handle] = [devicesOf(solo5), handleOf(solo5, "block", "fixed")];
      expect(devices.blockWrite(handle, 0n, new Uint8Array(SIZE)), EUNSPEC);
      const block = new Uint8Array(SIZE);
      expect(devices.blockRead(handle, 0n, block), OK);
      holds(
        block.every((byte) => byte === 7),
        "it is as it was",
      );
    },
  },
  {
    name: "scheduled blocks move in the order in which they were asked for",
    *run({ storage }) {
      const order: number[] = [];
      const reads = [3, 1, 2].map((number) =>
        spawn(function* () {
          yield* storage.read(BigInt(number * SIZE), new Uint8Array(SIZE));
          order.push(number);
        }),
      );
      for (const read of reads) yield* read;
      expect(order.join(), "3,1,2");
    },
  },
];
