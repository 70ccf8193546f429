import { checkBytes, checkRoom } from "./bytes.ts";
import { BindingsError, closedError, ioError } from "./errors.ts";
import { Code, type Native, native, type OpenBlock, opened } from "./native.ts";
import { checkOptions, signalOf } from "./options.ts";

/** How {@link openBlock} opens. */
export interface BlockOptions {
  /** Bytes of a block: a power of two from 512 to 32768. Default: 512. */
  readonly blockSize?: number;
  /** Opens for nothing but reading, which others may do at the same time. Default: false. */
  readonly readOnly?: boolean;
  /**
   * Shares what can be written to with others who ask for the same, in this process or another: for those who see
   * to it that they do not write at the same time. Default: false.
   */
  readonly shared?: boolean;
}

/** How {@link BlockFile.read} waits. */
export interface BlockReadOptions {
  /** Aborting it gives the read up: the promise rejects with its reason at once, and the memory is left alone. */
  readonly signal?: AbortSignal;
}

/**
 * A file or a block device of the host: whole blocks. Locked (`flock`) while it is open: alone if it can be written
 * to and is not `shared`, together with others if not. Closed by {@link BlockFile.close}, or with its thread.
 */
export class BlockFile {
  /** Its path, as it was given. */
  readonly path: string;
  /** Bytes of it, one or more blocks; never changes. */
  readonly capacity: bigint;
  /** Bytes of one block, the unit of all I/O; a power of two. */
  readonly blockSize: number;
  /** Writes fail: it was opened so, or the host allows no more. */
  readonly readOnly: boolean;
  /** `false` if its file system has no locks: take care that nobody else writes to it. */
  readonly locked: boolean;
  readonly #native: Native = native();
  readonly #device: number;

  /** @internal */
  static make(path: string, opened: OpenBlock): BlockFile {
    return new BlockFile(path, opened);
  }

  private constructor(path: string, { device, capacity, blockSize, readOnly, locked }: OpenBlock) {
    this.path = path;
    this.capacity = capacity;
    this.blockSize = blockSize;
    this.readOnly = readOnly;
    this.locked = locked;
    this.#device = device;
  }

  /**
   * Reads one or more blocks, now.
   *
   * @param offset - in bytes, a multiple of the block size
   * @param into - filled; its length is one or more blocks
   * @throws {TypeError | RangeError} offset and length are not whole blocks of this device
   * @throws {BindingsError} `CLOSED`; `IO`: the host could not read all of it, and what `into` holds is not to be used
   */
  readSync(offset: bigint, into: Uint8Array): void {
    checkRoom("block.readSync", into);
    this.#check("block.readSync", offset, into);
    this.#done("block.readSync", offset, this.#native.readBlocks(this.#device, offset, into));
  }

  /**
   * Writes one or more blocks, now. Of several, some may be written when it fails.
   *
   * @throws as {@link BlockFile.readSync}; `READ_ONLY`
   */
  writeSync(offset: bigint, from: Uint8Array): void {
    this.#check("block.writeSync", offset, from);
    this.#writable("block.writeSync");
    this.#done("block.writeSync", offset, this.#native.writeBlocks(this.#device, offset, from));
  }

  /**
   * Reads one or more blocks in a thread of Node's pool, then copies them into `into`. Calls that overlap in time are
   * done in any order.
   *
   * @throws (as a rejection) as {@link BlockFile.readSync}; the signal's reason
   */
  async read(offset: bigint, into: Uint8Array, options: BlockReadOptions = {}): Promise<void> {
    const signal = signalOf("block.read", options);
    signal?.throwIfAborted();
    checkRoom("block.read", into);
    this.#check("block.read", offset, into);
    const reading = this.#native.readBlocksLater(this.#device, offset, into.length);
    const read = signal === undefined ? await reading : await untilAborted(reading, signal);
    if (typeof read === "number") return this.#done("block.read", offset, read);
    if (into.length < read.length)
      throw new RangeError(`block.read: the buffer has only ${into.length} bytes any more`);
    into.set(read);
  }

  /**
   * Writes what `from` holds now in a thread of Node's pool.
   *
   * @throws (as a rejection) as {@link BlockFile.writeSync}
   */
  async write(offset: bigint, from: Uint8Array): Promise<void> {
    this.#check("block.write", offset, from);
    this.#writable("block.write");
    this.#done("block.write", offset, await this.#native.writeBlocksLater(this.#device, offset, from));
  }

  /**
   * Closes it, which gives its lock back. Promises that are on their way are kept, and it is closed with the last of
   * them. Again, it does nothing.
   */
  close(): void {
    this.#native.closeDevice(this.#device);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(call: string, offset: bigint, bytes: Uint8Array): void {
    const { blockSize, capacity } = this;
    if (typeof offset !== "bigint") throw new TypeError(`${call}: the offset must be a bigint`);
    checkBytes(call, bytes);
    if (bytes.length === 0 || bytes.length % blockSize !== 0)
      throw new RangeError(`${call}: ${bytes.length} bytes are not one or more blocks of ${blockSize} bytes`);
    if (offset % BigInt(blockSize) !== 0n)
      throw new RangeError(`${call}: offset ${offset} is not a multiple of the block size ${blockSize}`);
    if (offset < 0n || offset + BigInt(bytes.length) > capacity)
      throw new RangeError(
        `${call}: ${bytes.length} bytes at offset ${offset} lie outside of ${this.path}, which has ${capacity}`,
      );
  }

  #writable(call: string): void {
    if (this.readOnly) throw new BindingsError(call, "READ_ONLY", `${this.path} is open for reading only`);
  }

  #done(call: string, offset: bigint, code: number): void {
    if (code === 0) return;
    if (code === Code.notOpen) throw closedError(call, this.path);
    if (code === Code.range || code === Code.notBytes)
      throw new RangeError(`${call}: the memory is not the same any more`);
    throw ioError(call, `${this.path} at offset ${offset}`, -code);
  }
}

/** `promise`, or the reason of `signal` as soon as that is aborted. */
function untilAborted<T>(promise: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * Opens a file or block device. One that can be read and not written is opened for reading only; the rules are those
 * of the tenders.
 *
 * @param path - its size is the capacity: one or more whole blocks
 * @throws {TypeError} an argument is of another type
 * @throws {BindingsError} it cannot be opened; the message says why
 */
export function openBlock(path: string, options: BlockOptions = {}): BlockFile {
  if (typeof path !== "string") throw new TypeError("openBlock: the path must be a string");
  checkOptions("openBlock", options);
  const { blockSize = 512, readOnly = false, shared = false } = options;
  if (typeof blockSize !== "number") throw new TypeError("openBlock: blockSize must be a number");
  if (typeof readOnly !== "boolean") throw new TypeError("openBlock: readOnly must be a boolean");
  if (typeof shared !== "boolean") throw new TypeError("openBlock: shared must be a boolean");
  const outcome = native().openBlock(path, String(blockSize), readOnly, shared);
  return BlockFile.make(path, opened("openBlock", outcome));
}
