import { HEADER } from "@uk/miou-solo5/device-calls";
import { checkBytes, checkRoom } from "./bytes.ts";
import { BindingsError, closedError, ioError } from "./errors.ts";
import { Code, type Native, NO_BUFFERS, NOT_NOW, native, type OpenNet, opened } from "./native.ts";
import { checkOptions, signalOf } from "./options.ts";
import { Waiters } from "./waiters.ts";

/** How {@link openTap} opens. */
export interface TapOptions {
  /** Ethernet address: 6 bytes, or text like `02:00:00:00:00:01`. Drawn at random if absent or all zero. */
  readonly mac?: string | Uint8Array;
}

/** How {@link Tap.read} waits. */
export interface ReadOptions {
  /** Aborting it gives the wait up; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** So many frames in a row are read without letting the loop run. */
const BURST = 64;

/** Who waits for a tap; for `miou.ts`. */
export let waitersOf: (tap: Tap) => Waiters;

/** A network device: whole Ethernet frames, header included. Closed by {@link Tap.close}, or with its thread. */
export class Tap {
  static {
    waitersOf = (tap) => tap.#waiters;
  }

  /** What was opened: name of the interface, or `@` and the number of the descriptor. */
  readonly name: string;
  /** Ethernet address, 6 bytes: what a program on this device goes by. The kernel does not know it. */
  readonly mac: Uint8Array;
  /** Largest frame in bytes, without the 14-byte header. */
  readonly mtu: number;
  readonly #native: Native = native();
  readonly #device: number;
  readonly #waiters: Waiters;
  #burst = 0;

  /** @internal */
  static make(name: string, opened: OpenNet): Tap {
    return new Tap(name, opened);
  }

  private constructor(name: string, { device, mac, mtu }: OpenNet) {
    this.name = name;
    this.mac = Uint8Array.from(mac);
    this.mtu = mtu;
    this.#device = device;
    this.#waiters = new Waiters(device, name);
  }

  /**
   * Reads one frame if one is there; never waits.
   *
   * @param into - room for the largest frame, `mtu + 14` bytes
   * @returns length of the frame in bytes; `undefined` if none is there now
   * @throws {RangeError} `into` is too small
   * @throws {BindingsError} `CLOSED`, `GONE`, `IO`
   */
  readSync(into: Uint8Array): number | undefined {
    return this.#take("tap.readSync", into);
  }

  /**
   * Reads one frame: at once if one is there, else when one comes. The frame is written into `into` in the loop,
   * just before the promise is fulfilled; who is told to stop waiting never writes into it.
   *
   * @throws (as a rejection) what {@link Tap.readSync} throws; `CLOSED` if the tap is closed meanwhile; the signal's
   *   reason
   */
  read(into: Uint8Array, options: ReadOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const signal = signalOf("tap.read", options);
      signal?.throwIfAborted();
      // Where frames keep coming, promises alone would never let the loop run.
      if (this.#waiters.isEmpty && ++this.#burst <= BURST) {
        const length = this.#take("tap.read", into);
        if (length !== undefined) return resolve(length);
      } else {
        this.#room("tap.read", into);
      }
      this.#burst = 0;
      const giveUp = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.#waiters.add({
        wake: () => {
          try {
            const length = this.#take("tap.read", into);
            if (length === undefined) return "empty";
            resolve(length);
          } catch (error) {
            reject(error);
          }
          signal?.removeEventListener("abort", giveUp);
          return "served";
        },
        fail: (error) => {
          signal?.removeEventListener("abort", giveUp);
          reject(error);
        },
      });
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /**
   * Sends one frame; never waits.
   *
   * @param frame - 14 to `mtu + 14` bytes
   * @returns `false` if the host has no room for it now: the frame is lost, as on any network
   * @throws {RangeError} the frame has another length
   * @throws {BindingsError} `CLOSED`; `IO`, e.g. because the interface is down
   */
  write(frame: Uint8Array): boolean {
    const most = this.mtu + HEADER;
    checkBytes("tap.write", frame);
    if (frame.length < HEADER || frame.length > most)
      throw new RangeError(`tap.write: a frame of ${frame.length} bytes: a frame has ${HEADER} to ${most}`);
    const code = this.#native.writeFrame(this.#device, frame);
    if (code === 0) return true;
    if (code === NOT_NOW || code === NO_BUFFERS) return false;
    throw this.#error("tap.write", code);
  }

  /** Frames as they come, each in memory of its own, until the tap is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const buffer = new Uint8Array(this.mtu + HEADER);
      let length: number;
      try {
        length = await this.read(buffer);
      } catch (error) {
        if (error instanceof BindingsError && error.code === "CLOSED") return;
        throw error;
      }
      yield buffer.subarray(0, length);
    }
  }

  /** Closes it; whoever waits for a frame is told `CLOSED`. Again, it does nothing. */
  close(): void {
    this.#native.closeDevice(this.#device);
    this.#waiters.fail(closedError("tap.read", this.name));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(call: string, into: Uint8Array): number | undefined {
    this.#room(call, into);
    const code = this.#native.readFrame(this.#device, into);
    if (code >= 0) return code;
    if (code === NOT_NOW) return undefined;
    throw this.#error(call, code);
  }

  #room(call: string, into: Uint8Array): void {
    const most = this.mtu + HEADER;
    checkRoom(call, into);
    if (into.length < most)
      throw new RangeError(`${call}: a buffer of ${into.length} bytes for frames of up to ${most} bytes`);
  }

  #error(call: string, code: number): Error {
    if (code === Code.notOpen) return closedError(call, this.name);
    if (code === Code.range || code === Code.notBytes)
      return new RangeError(`${call}: the memory is not what it says it is`);
    if (code === Code.gone) return new BindingsError(call, "GONE", `${this.name}: its other end is closed`);
    return ioError(call, this.name, -code);
  }
}

/**
 * Attaches a TAP interface that exists and is up, or a descriptor: of a TAP (`IFF_TAP`, `IFF_NO_PI`), or of an `AF_UNIX`
 * socket with `SOCK_DGRAM` or `SOCK_SEQPACKET`, a datagram a frame. A descriptor stays the caller's: a copy is used,
 * and `O_NONBLOCK` is set on both. The rules are those of the tenders.
 *
 * @param nameOrFd - name of the interface, or number of the descriptor; `"@7"` is the same as `7`
 * @throws {TypeError | RangeError} an argument is of another type, or `mac` of another length
 * @throws {BindingsError} it cannot be attached; the message says why and what to do
 */
export function openTap(nameOrFd: string | number, options: TapOptions = {}): Tap {
  if (typeof nameOrFd !== "string" && !Number.isInteger(nameOrFd))
    throw new TypeError("openTap: the first argument is neither the name of an interface nor a descriptor");
  checkOptions("openTap", options);
  const { mac = "" } = options;
  if (typeof mac !== "string" && !(mac instanceof Uint8Array))
    throw new TypeError("openTap: mac is neither a string nor a Uint8Array");
  if (typeof mac !== "string" && mac.length !== 6)
    throw new RangeError(`openTap: mac has ${mac.length} bytes: an address has 6`);
  const name = typeof nameOrFd === "number" ? `@${nameOrFd}` : nameOrFd;
  const address = typeof mac === "string" ? mac : Array.from(mac, (byte) => byte.toString(16)).join(":");
  return Tap.make(name, opened("openTap", native().openNet(name, address)));
}
