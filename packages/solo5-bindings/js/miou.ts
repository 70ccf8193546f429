/** The waits of this package as operations of `@uk/miou`: `yield* readFrame(tap, into)`. */
import { type Operation, suspend, until, yieldNow } from "@uk/miou";
import type { BlockFile } from "./block.ts";
import { type Tap, waitersOf } from "./tap.ts";

/** So many frames in a row are read without letting other tasks run. */
const BURST = 64;
let burst = 0;

/**
 * Reads one frame: at once if one is there, else suspends until one comes.
 *
 * @param into - room for the largest frame, `mtu + 14` bytes; written in the task, when it runs again
 * @returns length of the frame in bytes
 * @throws what {@link Tap.readSync} throws; `CLOSED` if the tap is closed meanwhile
 * @throws {CancelledError} the task was cancelled while it waited; no frame is lost
 */
export function* readFrame(tap: Tap, into: Uint8Array): Operation<number> {
  for (;;) {
    if (++burst > BURST) {
      burst = 0;
      yield* yieldNow();
    }
    const length = tap.readSync(into);
    if (length !== undefined) return length;
    burst = 0;
    yield* readable(tap);
  }
}

/** Waits until a frame may be there. */
function readable(tap: Tap): Operation<void> {
  return suspend<void>(
    ({ ok, fail }) =>
      waitersOf(tap).add({
        wake: () => {
          ok();
          return "woken";
        },
        fail,
      }),
    `frame on ${tap.name}`,
  );
}

/**
 * Reads one or more blocks in a thread of Node's pool; suspends until then.
 *
 * @throws what {@link BlockFile.read} rejects with
 * @throws {CancelledError} the task was cancelled while it waited; `into` is left alone
 */
export function readBlocks(file: BlockFile, offset: bigint, into: Uint8Array): Operation<void> {
  return until((signal) => file.read(offset, into, { signal }));
}

/**
 * Writes one or more blocks in a thread of Node's pool; suspends until then. A task that is cancelled meanwhile stops
 * when the blocks are written.
 *
 * @throws what {@link BlockFile.write} rejects with
 * @throws {CancelledError} the task was cancelled while it waited
 */
export function writeBlocks(file: BlockFile, offset: bigint, from: Uint8Array): Operation<void> {
  return until(() => file.write(offset, from));
}
