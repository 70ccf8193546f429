import type { Resume } from "@uk/miou";
import { Solo5Error } from "./errors.ts";
import type { Solo5Devices } from "./solo5.ts";

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

/** The tasks of one program that wait for its devices. */
export class Waits {
  readonly #devices: Solo5Devices | undefined;
  /** Who waits for a frame, by handle, in order of arrival. */
  readonly #readers: Reader[][] = [];
  readonly #blocks: BlockRequest[] = [];
  /** Live readers in all. */
  protected waiting = 0;

  constructor(devices: Solo5Devices | undefined) {
    this.#devices = devices;
  }

  /** Lets `reader` wait for a frame; the result takes it back. */
  await(handle: number, reader: Reader): () => void {
    this.#readers[handle] ??= [];
    this.#readers[handle].push(reader);
    this.waiting++;
    return () => {
      if (reader.cancelled) return;
      reader.cancelled = true;
      this.waiting--;
    };
  }

  /** Queues a block; the result takes it back, unless it has been moved. */
  enqueue(request: BlockRequest): () => void {
    this.#blocks.push(request);
    return () => {
      request.cancelled = true;
    };
  }

  /** Moves the first block of the queue; whether there was one. */
  protected moveBlock(): boolean {
    let request = this.#blocks.shift();
    while (request?.cancelled === true) request = this.#blocks.shift();
    if (request === undefined || this.#devices === undefined) return false;
    const { call, name, handle, offset, block, resume } = request;
    const result =
      call === "block_read"
        ? this.#devices.blockRead(handle, offset, block)
        : this.#devices.blockWrite(handle, offset, block);
    if (result < 0) resume.fail(blockError(call, result, name, offset));
    else resume.ok();
    return true;
  }

  /** Wakes the first reader of each ready device; the next look wakes the next, if a frame remains. */
  protected wake(ready: bigint): void {
    for (const [handle, readers] of this.#readers.entries()) {
      if (readers === undefined || (ready & (1n << BigInt(handle))) === 0n) continue;
      for (let reader = readers.shift(); reader !== undefined; reader = readers.shift()) {
        if (reader.cancelled) continue;
        reader.cancelled = true;
        this.waiting--;
        reader.resume.ok();
        break;
      }
    }
  }

  /** The handles for which somebody waits, bit *h* for handle *h*. */
  protected awaited(): bigint {
    let set = 0n;
    for (const [handle, readers] of this.#readers.entries())
      if (readers?.some(({ cancelled }) => !cancelled) === true) set |= 1n << BigInt(handle);
    return set;
  }
}

/** What a refused block says: the call, the device and the place. */
export function blockError(call: string, result: number, name: string, offset: bigint): Solo5Error {
  return new Solo5Error(call, result, `the host could not move the block at ${offset} of device "${name}"`);
}
