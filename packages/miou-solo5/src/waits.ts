import type { Resume } from "@uk/miou";
import { EUNSPEC } from "./device-calls.ts";
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
}

/** The tasks of one program that wait for its devices. */
export class Waits {
  readonly #devices: Solo5Devices | undefined;
  /** Who waits for a frame, by handle, in order of arrival; whoever gives up leaves nothing behind. */
  readonly #readers: Set<Resume<void>>[] = [];
  readonly #blocks = new Set<BlockRequest>();
  /** Readers in all. */
  protected waiting = 0;

  constructor(devices: Solo5Devices | undefined) {
    this.#devices = devices;
  }

  /** Lets `reader` wait for a frame; the result takes it back, or leaves its frame to the next if it was woken. */
  await(handle: number, reader: Resume<void>): () => void {
    this.#readers[handle] ??= new Set();
    const readers = this.#readers[handle];
    readers.add(reader);
    this.waiting++;
    return () => {
      if (readers.delete(reader)) this.waiting--;
      else this.#wakeFirst(readers);
    };
  }

  /** Queues a block; the result takes it back, unless it has been moved. */
  enqueue(request: BlockRequest): () => void {
    this.#blocks.add(request);
    return () => {
      this.#blocks.delete(request);
    };
  }

  /** Moves the first block of the queue; whether there was one. */
  protected moveBlock(): boolean {
    const [request] = this.#blocks;
    if (request === undefined || this.#devices === undefined) return false;
    this.#blocks.delete(request);
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
    for (const [handle, readers] of this.#readers.entries())
      if (readers !== undefined && (ready & (1n << BigInt(handle))) !== 0n) this.#wakeFirst(readers);
  }

  /** The handles for which somebody waits, bit *h* for handle *h*. */
  protected awaited(): bigint {
    let set = 0n;
    for (const [handle, readers] of this.#readers.entries())
      if (readers !== undefined && readers.size > 0) set |= 1n << BigInt(handle);
    return set;
  }

  #wakeFirst(readers: Set<Resume<void>>): void {
    const [reader] = readers;
    if (reader === undefined) return;
    readers.delete(reader);
    this.waiting--;
    reader.ok();
  }
}

/** What a refused block says: the call, the device and the place. */
export function blockError(call: string, result: number, name: string, offset: bigint): Solo5Error {
  const where = `the block at ${offset} of device "${name}"`;
  if (call === "block_read") return new Solo5Error(call, result, `the host could not read ${where}`);
  // The interface has one code for all of these.
  const why = result === EUNSPEC ? ", which may be read-only or full" : "";
  return new Solo5Error(call, result, `the host could not write ${where}${why}`);
}
