import { lstatSync, readlinkSync, readSync, realpathSync, writeSync } from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";

/**
 * Where a path leads: its links followed, even to what is not there yet; or the descriptor of this process that it is
 * another name of, as /dev/stdin is. To open that name would lose the place in the file, and fails for a socket.
 */
export function followed(path: string): string | number {
  let at = path;
  // As many as the kernel follows.
  for (let links = 0; links < 40; links++) {
    const descriptor = ownDescriptor(at);
    if (descriptor !== undefined) return descriptor;
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() !== true) break;
    const to = readlinkSync(at);
    // Not `join`, which takes `link/..` for nothing.
    at = isAbsolute(to) ? to : `${dirname(at)}/${to}`;
  }
  return at;
}

function ownDescriptor(path: string): number | undefined {
  if (!/^\d+$/.test(basename(path))) return undefined;
  try {
    return realpathSync(dirname(path)) === `/proc/${process.pid}/fd` ? Number(basename(path)) : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes from a file, a pipe or a terminal to its end, but no more than `max`. */
export function readUpTo(descriptor: number, max: number): Uint8Array {
  let bytes = Buffer.allocUnsafe(Math.min(max, 64 << 10));
  let done = 0;
  for (;;) {
    const got = patiently(() => readSync(descriptor, bytes, done, bytes.length - done, null));
    done += got;
    if (got === 0 || done === max) return bytes.subarray(0, done);
    if (done < bytes.length) continue;
    const larger = Buffer.allocUnsafe(Math.min(max, 2 * bytes.length));
    larger.set(bytes);
    bytes = larger;
  }
}

/** Writes all bytes; a disk that becomes full, or a reader that goes, is an error. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += patiently(() => writeSync(descriptor, bytes, done));
  }
}

/** Waits where a descriptor that somebody has made non-blocking would not. */
function patiently(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
