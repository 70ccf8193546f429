import { type Effect, type Operation, type Result, suspend, yieldNow } from "@uk/miou";
import { DeviceError, NOT_ATTACHED, Solo5Error } from "./errors.ts";
import { type Machine, machine } from "./machine.ts";
import type { NetPort, Solo5Devices } from "./solo5.ts";
import type { Reader } from "./waits.ts";

/** Bytes of an Ethernet header. */
const HEADER = 14;
const AGAIN = -1;
const EINVAL = -2;

/** A network device (NET_BASIC): whole Ethernet frames, header included. */
export class Net {
  /** Name in the manifest. */
  readonly name: string;
  /** Ethernet address, 6 bytes. */
  readonly mac: Uint8Array;
  /** Largest frame in bytes, without the 14-byte header. */
  readonly mtu: number;
  /** Frames that the host did not take; nobody else can know. */
  dropped = 0;
  readonly #machine: Machine;
  readonly #devices: Solo5Devices;
  readonly #handle: number;
  #transmit: Uint8Array | undefined;

  /** @internal `net` and {@link Net.connect} make devices. */
  constructor(on: Machine, name: string, { handle, mac, mtu }: NetPort) {
    this.#machine = on;
    this.#devices = on.devices;
    this.#handle = handle;
    this.name = name;
    this.mac = mac;
    this.mtu = mtu;
  }

  /**
   * Acquires a device at once, in the running program, without failing it.
   *
   * @returns the device, or a {@link DeviceError}
   * @throws {HostOnlyError} no program runs
   */
  static connect(name: string): Result<Net> {
    return acquireNet(machine("Net.connect"), name);
  }

  /**
   * Reads one frame: at once if one is there, else suspends until one comes.
   *
   * @param into - room for the largest frame, `mtu + 14` bytes
   * @returns length of the frame in bytes
   * @throws {RangeError} `into` is too small
   * @throws {Solo5Error} the host could not read
   * @throws {CancelledError} the task was cancelled while it waited
   */
  read(into: Uint8Array): Operation<number> {
    const most = this.mtu + HEADER;
    if (into.length < most)
      throw new RangeError(`net.read: a buffer of ${into.length} bytes for frames of up to ${most} bytes`);
    return new Read(this.#machine, this.#handle, this.name, into);
  }

  /** Reads one frame into memory of its own; see {@link Net.read}. */
  *readFrame(): Operation<Uint8Array> {
    const buffer = new Uint8Array(this.mtu + HEADER);
    const length = yield* this.read(buffer);
    return buffer.subarray(0, length);
  }

  /**
   * Sends one frame at once; nothing else runs meanwhile. A frame that the host cannot take now is
   * dropped and counted in {@link Net.dropped}, as on any network.
   *
   * @param frame - 14 to `mtu + 14` bytes
   * @throws {RangeError} the frame has another length
   */
  write(frame: Uint8Array): void {
    const most = this.mtu + HEADER;
    if (frame.length < HEADER || frame.length > most)
      throw new RangeError(`net.write: a frame of ${frame.length} bytes: a frame has ${HEADER} to ${most}`);
    const result = this.#devices.netWrite(this.#handle, frame);
    if (result === EINVAL)
      throw new Solo5Error("net_write", result, `device "${this.name}" refused the frame`);
    if (result < 0) this.dropped++;
  }

  /**
   * Sends a frame that `fill` writes into the transmit buffer.
   *
   * @param length - bytes of the buffer that `fill` gets
   * @param fill - returns how many of them to send
   * @throws {RangeError} `length`, or what `fill` returns, is not the length of a frame
   */
  writeInto(length: number, fill: (buffer: Uint8Array) => number): void {
    const most = this.mtu + HEADER;
    if (!Number.isInteger(length) || length < HEADER || length > most)
      throw new RangeError(`net.writeInto: a frame of ${length} bytes: a frame has ${HEADER} to ${most}`);
    this.#transmit ??= new Uint8Array(most);
    const buffer = this.#transmit.subarray(0, length);
    const count = fill(buffer);
    if (!Number.isInteger(count) || count < 0 || count > length)
      throw new RangeError(`net.writeInto: ${count} of ${length} bytes are to be sent`);
    this.write(buffer.subarray(0, count));
  }
}

/** So many frames in a row are read without letting other tasks run. */
const BURST = 64;
let burst = 0;

/**
 * Reading one frame, as an operation that is its own iterator: a frame that is there costs no generator
 * and no trip through the scheduler.
 */
class Read implements Operation<number>, Iterator<Effect, number, unknown> {
  readonly #machine: Machine;
  readonly #handle: number;
  readonly #name: string;
  readonly #into: Uint8Array;
  /** What the task waits for, while it does. */
  #wait: Iterator<Effect, void, unknown> | undefined;

  constructor(on: Machine, handle: number, name: string, into: Uint8Array) {
    this.#machine = on;
    this.#handle = handle;
    this.#name = name;
    this.#into = into;
  }

  [Symbol.iterator](): Iterator<Effect, number, unknown> {
    return this;
  }

  next(value?: unknown): IteratorResult<Effect, number> {
    if (this.#wait !== undefined) return this.#resumed(this.#wait.next(value));
    if (++burst > BURST) return this.#waitFor(yieldNow());
    return this.#attempt();
  }

  throw(error: unknown): IteratorResult<Effect, number> {
    if (this.#wait?.throw === undefined) throw error;
    return this.#resumed(this.#wait.throw(error));
  }

  return(): IteratorResult<Effect, number> {
    this.#wait?.return?.();
    return { done: true, value: 0 };
  }

  #attempt(): IteratorResult<Effect, number> {
    const length = this.#machine.devices.netRead(this.#handle, this.#into);
    if (length > 0) return { done: true, value: length };
    // No frame is empty: the other end of the device is gone, and will stay "readable" for ever.
    if (length !== AGAIN)
      throw new Solo5Error("net_read", length, `device "${this.#name}" is down, or the host cannot read it`);
    return this.#waitFor(readable(this.#machine, this.#handle, this.#name));
  }

  #waitFor(operation: Operation<void>): IteratorResult<Effect, number> {
    burst = 0;
    this.#wait = operation[Symbol.iterator]();
    return this.#resumed(this.#wait.next(undefined));
  }

  #resumed(step: IteratorResult<Effect, void>): IteratorResult<Effect, number> {
    if (step.done !== true) return step;
    this.#wait = undefined;
    return this.#attempt();
  }
}

/** Waits until a frame may be there. */
function readable(on: Machine, handle: number, name: string): Operation<void> {
  return suspend<void>((resume) => {
    const reader: Reader = { resume, cancelled: false };
    return on.poll.await(handle, reader);
  }, `frame on ${name}`);
}

/** The network device `name`, acquired once. */
export function acquireNet(on: Machine, name: string): Result<Net> {
  const key = `net ${name}`;
  const known = on.acquired.get(key);
  if (known instanceof Net) return { ok: true, value: known };
  const port = on.devices.netAcquire(name);
  if (port === undefined) return { ok: false, error: new DeviceError("net", name, NOT_ATTACHED) };
  const value = new Net(on, name, port);
  on.acquired.set(key, value);
  return { ok: true, value };
}
