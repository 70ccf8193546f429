import { type Operation, type Result, suspend, tracked, yieldNow } from "@uk/miou";
import { AGAIN, EINVAL, HEADER, isBytes, isRoom } from "./device-calls.ts";
import { DeviceError, NOT_ATTACHED, notBytes, Solo5Error } from "./errors.ts";
import { currentIo, type Io } from "./io.ts";
import type { AcquiredNet, DirectNet } from "./solo5.ts";

/** So often a frame for which the host has no room is tried. */
const TRIES = 8;
/** No result of a call: others should have their turn. */
const TURN = 1;

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
  readonly #io: Io;
  readonly #handle: number;
  #transmit: Uint8Array | undefined;

  /**
   * Reads one frame: at once if one is there, else suspends until one comes.
   *
   * @param into - room for the largest frame, `mtu + 14` bytes
   * @returns length of the frame in bytes; from a socket it may be any, 0 too
   * @throws {RangeError} `into` is too small
   * @throws {Solo5Error} the host could not read, e.g. since the other end of a socket is closed
   * @throws {CancelledError} the task was cancelled while it waited
   */
  declare readonly read: (into: Uint8Array) => Operation<number>;

  /**
   * Reads one frame if one is there, with no operation around it. The cheapest way to many frames is
   * `net.readSync(into) ?? (yield* net.read(into))`.
   *
   * @param into - room for the largest frame, `mtu + 14` bytes
   * @returns length of the frame in bytes; `undefined` if there is none, and once after 64 in a row, when
   *   other tasks should have their turn
   * @throws {RangeError} `into` is too small
   * @throws {Solo5Error} the host could not read
   */
  declare readonly readSync: (into: Uint8Array) => number | undefined;

  /**
   * Sends one frame at once; nothing else runs meanwhile. A frame that the host cannot take now, nor at
   * one of the next few tries, is dropped and counted in {@link Net.dropped}, as on any network.
   *
   * @param buffer - the frame, at its start
   * @param length - bytes of the frame, 14 to `mtu + 14`; all of `buffer` if it is left out
   * @throws {RangeError} the frame has another length, or the buffer is shorter
   */
  declare readonly write: (buffer: Uint8Array, length?: number) => void;

  private constructor(io: Io, name: string, { handle, mac, mtu, direct }: AcquiredNet) {
    this.name = name;
    this.mac = mac;
    this.mtu = mtu;
    this.#io = io;
    this.#handle = handle;
    const { reader, taker, writer } = direct ?? this.#portable();
    // A target's own function, without one of ours around it; a console does not show it.
    Object.defineProperties(this, {
      readSync: {
        value: taker((result, into) => {
          throw this.#unreadable("net.readSync", result, into);
        }),
      },
      read: { value: reader((result, into) => this.#unread(result, into)) },
      write: { value: writer((result, buffer, length) => this.#unsent(result, buffer, length)) },
    });
  }

  /**
   * Acquires a device at once, in the running program, without failing it.
   *
   * @returns the device, or a {@link DeviceError}
   * @throws {HostOnlyError} no program runs
   */
  static connect(name: string): Result<Net> {
    return Net.acquire(currentIo("Net.connect"), name);
  }

  /** @internal The network device `name`, acquired once. */
  static acquire(io: Io, name: string): Result<Net> {
    const key = `net ${name}`;
    const known = io.acquired.get(key);
    if (known instanceof Net) return { ok: true, value: known };
    const found = io.devices.netAcquire(name);
    if (found === undefined) return { ok: false, error: new DeviceError("net", name, NOT_ATTACHED) };
    const value = new Net(io, name, found);
    io.acquired.set(key, value);
    return { ok: true, value };
  }

  /** Reads one frame into memory of its own; see {@link Net.read}. */
  readFrame(): Operation<Uint8Array> {
    return tracked(this.#readFrame(), this.readFrame);
  }

  *#readFrame(): Operation<Uint8Array> {
    const buffer = new Uint8Array(this.mtu + HEADER);
    const length = yield* this.read(buffer);
    return buffer.subarray(0, length);
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

  /** What a {@link DirectNet} does, for a target that has none. */
  #portable(): DirectNet {
    const { devices } = this.#io;
    const handle = this.#handle;
    // What another program has read in this process is of no consequence: the same seed tells the same story.
    burst = 0;
    return {
      reader: (otherwise) => {
        const read = (into: Uint8Array): Operation<number> =>
          tracked({ [Symbol.iterator]: () => frame(into)[Symbol.iterator]() }, read);
        function* frame(into: Uint8Array): Operation<number> {
          for (;;) {
            const enough = ++burst > BURST;
            const result = enough ? TURN : isRoom(into) ? devices.netRead(handle, into) : EINVAL;
            if (!enough && result >= 0) return result;
            burst = 0;
            yield* otherwise(result, into);
          }
        }
        return read;
      },
      taker: (otherwise) => (into) => {
        if (++burst > BURST) {
          // Once: who asks again has let others run, or does not want to.
          if (burst === BURST + 1) return undefined;
          burst = 1;
        }
        const result = isRoom(into) ? devices.netRead(handle, into) : EINVAL;
        if (result >= 0) return result;
        burst = 0;
        return result === AGAIN ? undefined : otherwise(result, into);
      },
      writer:
        (otherwise) =>
        (buffer, length = buffer.length) => {
          this.#checkFrame(buffer, length);
          const result = devices.netWrite(
            handle,
            length === buffer.length ? buffer : buffer.subarray(0, length),
          );
          if (result !== 0) otherwise(result, buffer, length);
        },
    };
  }

  /** What to wait for before the next attempt to read a frame. */
  #unread(result: number, into: Uint8Array): Operation<void> {
    if (result === AGAIN) return this.#readable();
    if (result === TURN) return yieldNow();
    throw this.#unreadable("net.read", result, into);
  }

  /** Waits until a frame may be there. */
  #readable(): Operation<void> {
    return suspend<void>((resume) => this.#io.poll.await(this.#handle, resume), `frame on ${this.name}`);
  }

  /** Why a read is refused. */
  #unreadable(call: string, result: number, into: Uint8Array): Error {
    if (result === EINVAL) {
      if (!isRoom(into)) return notBytes(call, into);
      const most = this.mtu + HEADER;
      if (into.length < most)
        return new RangeError(`${call}: a buffer of ${into.length} bytes for frames of up to ${most} bytes`);
    }
    return new Solo5Error("net_read", result, `device "${this.name}" is down, or the host cannot read it`);
  }

  /** Tries again, as long as there is hope. */
  #unsent(result: number, buffer: Uint8Array, length: number = buffer.length): void {
    if (result === EINVAL) {
      // A target's own function only says that it refuses: why is found out here.
      this.#checkFrame(buffer, length);
      throw new Solo5Error("net_write", result, `device "${this.name}" refused the frame`);
    }
    const frame = buffer.subarray(0, length);
    for (let tries = 1; result === AGAIN && tries < TRIES; tries++)
      result = this.#io.devices.netWrite(this.#handle, frame);
    if (result !== 0) this.dropped++;
  }

  #checkFrame(buffer: Uint8Array, length: number): void {
    if (!isBytes(buffer)) throw notBytes("net.write", buffer);
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
