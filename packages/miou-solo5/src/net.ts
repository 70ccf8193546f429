import { type Effect, type Operation, type Result, suspend, yieldNow } from "@uk/miou";
import { DeviceError, NOT_ATTACHED, notBytes, Solo5Error } from "./errors.ts";
import { type Machine, machine } from "./machine.ts";
import type { DirectNet, NetPort } from "./solo5.ts";

/** Bytes of an Ethernet header. */
const HEADER = 14;
/** So often a frame for which the host has no room is tried. */
const TRIES = 8;
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
  readonly #port: Port;
  readonly #write: DirectNet["write"];
  /** The last buffer that was read into, and how: most programs have one. */
  #into: Uint8Array | undefined;
  #reading: Read | undefined;
  #transmit: Uint8Array | undefined;

  /** @internal `net` and {@link Net.connect} make devices. */
  constructor(on: Machine, name: string, { handle, mac, mtu, direct }: NetPort) {
    const { devices } = on;
    const { read, write } = direct ?? {
      read: (into) => devices.netRead(handle, into),
      write: (buffer, length) => {
        this.#checkFrame(buffer, length);
        return devices.netWrite(handle, length === buffer.length ? buffer : buffer.subarray(0, length));
      },
    };
    this.#port = {
      name,
      read,
      readable: () => readable(on, handle, name),
      check: (into) => this.#checkRoom(into),
    };
    this.#write = write;
    // What another program has read in this process is of no consequence: the same seed tells the same story.
    burst = 0;
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
    if (this.#into === into && this.#reading !== undefined) return this.#reading;
    this.#checkRoom(into);
    this.#into = into;
    this.#reading = new Read(this.#port, into);
    return this.#reading;
  }

  /** Reads one frame into memory of its own; see {@link Net.read}. */
  *readFrame(): Operation<Uint8Array> {
    const buffer = new Uint8Array(this.mtu + HEADER);
    const length = yield* new Read(this.#port, buffer);
    return buffer.subarray(0, length);
  }

  /**
   * Sends one frame at once; nothing else runs meanwhile. A frame that the host cannot take now, nor at
   * one of the next few tries, is dropped and counted in {@link Net.dropped}, as on any network.
   *
   * @param buffer - the frame, at its start
   * @param length - bytes of the frame, 14 to `mtu + 14`; all of `buffer` if it is left out
   * @throws {RangeError} the frame has another length, or the buffer is shorter
   */
  write(buffer: Uint8Array, length: number = buffer.length): void {
    let result = this.#write(buffer, length);
    if (result === 0) return;
    for (let tries = 1; result === AGAIN && tries < TRIES; tries++) result = this.#write(buffer, length);
    if (result === 0) return;
    if (result !== EINVAL) {
      this.dropped++;
      return;
    }
    // A direct call only says that it refuses: why is found out here.
    this.#checkFrame(buffer, length);
    if (!(buffer instanceof Uint8Array)) throw notBytes("net.write");
    throw new Solo5Error("net_write", result, `device "${this.name}" refused the frame`);
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
    this.write(buffer, count);
  }

  #checkRoom(into: Uint8Array): void {
    const most = this.mtu + HEADER;
    if (into.length < most)
      throw new RangeError(`net.read: a buffer of ${into.length} bytes for frames of up to ${most} bytes`);
  }

  #checkFrame(buffer: Uint8Array, length: number): void {
    const most = this.mtu + HEADER;
    if (!Number.isInteger(length) || length < HEADER || length > most)
      throw new RangeError(`net.write: a frame of ${length} bytes: a frame has ${HEADER} to ${most}`);
    if (length > buffer.length)
      throw new RangeError(`net.write: a frame of ${length} bytes in a buffer of ${buffer.length}`);
  }
}

/** So many frames in a row are read without letting other tasks run. */
const BURST = 64;
let burst = 0;

/** What reading needs of a device. */
interface Port {
  readonly name: string;
  readonly read: DirectNet["read"];
  /** Waits until a frame may be there. */
  readonly readable: () => Operation<void>;
  /** Throws if the buffer is too small, as one can become that was not when the reading began. */
  readonly check: (into: Uint8Array) => void;
}

/** What a reading returns; whoever asked takes the value out before anything else happens, as `yield*` does. */
const returned = { done: true as const, value: 0 };

/**
 * Reading one frame, as an operation that is its own iterator: a frame that is there costs no generator
 * and no trip through the scheduler. Nobody sees that a program which reads into one buffer has one of
 * them: it has no state but while it waits, and then there is another for whoever else reads.
 */
class Read implements Operation<number>, Iterator<Effect, number, unknown> {
  readonly #port: Port;
  readonly #read: DirectNet["read"];
  readonly #into: Uint8Array;
  /** What the task waits for, while it does. */
  #wait: Iterator<Effect, void, unknown> | undefined;

  constructor(port: Port, into: Uint8Array) {
    this.#port = port;
    this.#read = port.read;
    this.#into = into;
    this.#wait = undefined;
  }

  [Symbol.iterator](): Iterator<Effect, number, unknown> {
    return this.#wait === undefined ? this : new Read(this.#port, this.#into);
  }

  next(value?: unknown): IteratorResult<Effect, number> {
    if (this.#wait !== undefined) return this.#resumed(this.#wait, value);
    if (++burst > BURST) return this.#waitFor(yieldNow());
    const length = this.#read(this.#into);
    if (length <= 0) return this.#nothing(length);
    returned.value = length;
    return returned;
  }

  throw(error: unknown): never {
    const wait = this.#wait;
    this.#wait = undefined;
    wait?.throw?.(error);
    throw error;
  }

  return(): IteratorResult<Effect, number> {
    const wait = this.#wait;
    this.#wait = undefined;
    wait?.return?.();
    return { done: true, value: 0 };
  }

  #attempt(): IteratorResult<Effect, number> {
    const length = this.#read(this.#into);
    return length > 0 ? { done: true, value: length } : this.#nothing(length);
  }

  #nothing(result: number): IteratorResult<Effect, number> {
    if (result === AGAIN) return this.#waitFor(this.#port.readable());
    if (result === EINVAL) {
      this.#port.check(this.#into);
      if (!(this.#into instanceof Uint8Array)) throw notBytes("net.read");
    }
    // No frame is empty: the other end of the device is gone, and will stay "readable" for ever.
    const why = `device "${this.#port.name}" is down, or the host cannot read it`;
    throw new Solo5Error("net_read", result, why);
  }

  #waitFor(operation: Operation<void>): IteratorResult<Effect, number> {
    burst = 0;
    return this.#resumed(operation[Symbol.iterator](), undefined);
  }

  #resumed(wait: Iterator<Effect, void, unknown>, value: unknown): IteratorResult<Effect, number> {
    this.#wait = undefined;
    const step = wait.next(value);
    if (step.done === true) return this.#attempt();
    this.#wait = wait;
    return step;
  }
}

/** Waits until a frame may be there. */
function readable(on: Machine, handle: number, name: string): Operation<void> {
  return suspend<void>((resume) => on.poll.await(handle, resume), `frame on ${name}`);
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
