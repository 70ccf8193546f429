import type { Events, Resume, SelectRequest } from "@uk/miou";
import { Solo5Error } from "./errors.ts";
import { runYieldHooks } from "./hooks.ts";
import type { Solo5, Solo5Devices } from "./solo5.ts";

/** The clock of a run, and how it relates to the machine's. */
export interface RunClock {
  /** Milliseconds since the start of the run. */
  now(): number;
  /** The moment on the machine's monotonic clock (ns) at which `now()` will have reached `ms`. */
  toMonotonic(ms: number): bigint;
}

/** The clock of a run on `solo5`, whose sleepers follow `now` (ns) if it is given. */
export function runClock(solo5: Solo5, now: (() => bigint) | undefined): RunClock {
  const read = now ?? (() => solo5.clockMonotonic());
  const start = read();
  const clock = (): number => Number(read() - start) / 1e6;
  return {
    now: clock,
    toMonotonic:
      now === undefined
        ? (ms) => start + BigInt(Math.ceil(ms * 1e6))
        : (ms) => solo5.clockMonotonic() + BigInt(Math.ceil(Math.max(ms - clock(), 0) * 1e6)),
  };
}

/** One block that a task asked for, to be moved when the scheduler has nothing better to do. */
export interface BlockRequest {
  readonly call: "block_read" | "block_write";
  readonly name: string;
  readonly handle: number;
  readonly offset: bigint;
  readonly block: Uint8Array;
  readonly resume: Resume<void>;
  /** The task gave the wait up: the device is not touched. */
  cancelled: boolean;
}

/** Somebody who waits for a frame. */
export interface Reader {
  readonly resume: Resume<void>;
  cancelled: boolean;
}

/** The end of time, in ns on the monotonic clock. */
const FOREVER = (1n << 63n) - 1n;
/** While tasks are ready, devices are looked at once in so many polls, or so many ns. */
const POLLS = 64;
const POLL_INTERVAL_NS = 1_000_000n;

/**
 * The event source of a program that owns its machine. While tasks are ready it runs the jobs of native
 * promises, moves at most one block a round, and looks at the network now and then; when nothing is
 * ready it moves blocks, then sleeps in the `yield` hypercall until a frame is there or a sleeper is due.
 */
export class Poll implements Events {
  readonly always: boolean;
  readonly #solo5: Solo5;
  readonly #devices: Solo5Devices | undefined;
  readonly #clock: RunClock;
  /** Who waits for a frame, by handle, in order of arrival. */
  readonly #readers: Reader[][] = [];
  /** Live readers in all. */
  #waiting = 0;
  readonly #blocks: BlockRequest[] = [];
  #polls = 0;
  #lastLook = 0n;

  constructor(solo5: Solo5, clock: RunClock) {
    this.#solo5 = solo5;
    this.#devices = solo5.devices;
    this.#clock = clock;
    this.always = solo5.runJobs !== undefined;
  }

  /** Lets `reader` wait for a frame; the result takes it back. */
  await(handle: number, reader: Reader): () => void {
    this.#readers[handle] ??= [];
    this.#readers[handle].push(reader);
    this.#waiting++;
    return () => {
      if (reader.cancelled) return;
      reader.cancelled = true;
      this.#waiting--;
    };
  }

  /** Queues a block; the result takes it back, unless it has been moved. */
  enqueue(request: BlockRequest): () => void {
    this.#blocks.push(request);
    return () => {
      request.cancelled = true;
    };
  }

  select({ block, deadline }: SelectRequest): "exhausted" | undefined {
    const ran = this.#solo5.runJobs?.() ?? false;
    const moved = this.#moveBlock();
    if (ran || moved || !block) {
      this.#glance();
      return undefined;
    }
    if (deadline === undefined && this.#waiting === 0) return "exhausted";
    this.#sleep(deadline === undefined ? FOREVER : this.#clock.toMonotonic(deadline));
    return undefined;
  }

  /** Moves the first block of the queue; whether there was one. */
  #moveBlock(): boolean {
    const request = this.#blocks.shift();
    if (request === undefined || this.#devices === undefined) return false;
    if (request.cancelled) return this.#moveBlock();
    const { call, name, handle, offset, block, resume } = request;
    const move = call === "block_read" ? this.#devices.blockRead : this.#devices.blockWrite;
    const result = move(handle, offset, block);
    if (result < 0) resume.fail(blockError(call, result, name, offset));
    else resume.ok();
    return true;
  }

  /** Looks at the network without waiting, if somebody waits for it and the last look was long ago. */
  #glance(): void {
    if (this.#waiting === 0) return;
    const now = this.#solo5.clockMonotonic();
    if (++this.#polls < POLLS && now - this.#lastLook < POLL_INTERVAL_NS) return;
    this.#lastLook = now;
    this.#sleep(now);
  }

  #sleep(deadline: bigint): void {
    const ready = this.#solo5.yield?.(deadline) ?? 0n;
    this.#polls = 0;
    if (ready !== 0n) this.#wake(ready);
    runYieldHooks();
  }

  /** Wakes the first reader of each ready device; the next look wakes the next, if a frame remains. */
  #wake(ready: bigint): void {
    for (const [handle, readers] of this.#readers.entries()) {
      if (readers === undefined || (ready & (1n << BigInt(handle))) === 0n) continue;
      for (let reader = readers.shift(); reader !== undefined; reader = readers.shift()) {
        if (reader.cancelled) continue;
        reader.cancelled = true;
        this.#waiting--;
        reader.resume.ok();
        break;
      }
    }
  }
}

/** What a refused block says: the call, the device and the place. */
export function blockError(call: string, result: number, name: string, offset: bigint): Solo5Error {
  return new Solo5Error(call, result, `the host could not move the block at ${offset} of device "${name}"`);
}
