import { createSocket, type RemoteInfo, Socket as UdpRaw } from "node:dgram";
import type { AddressInfo } from "node:net";
import { Channel } from "../channel.ts";
import { ClosedError } from "../errors.ts";
import { tracked } from "../note.ts";
import { running } from "../op.ts";
import { Resource } from "../resource.ts";
import { suspend } from "../suspend.ts";
import type { TaskCell } from "../task.ts";
import type { Operation } from "../types.ts";
import { listening } from "./listening.ts";
import { part } from "./range.ts";
import { atEnd, awaitClose } from "./scope.ts";
import type { Owned } from "./socket.ts";

/** Where a datagram comes from, or goes to. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** How {@link udp} opens a socket. */
export interface UdpOptions extends Owned {
  /** Default: `"udp4"`. */
  readonly type?: "udp4" | "udp6";
  /** The local port. Default: any free one. */
  readonly port?: number;
  /** The local address. Default: all of them. */
  readonly address?: string;
  /** Datagrams kept until they are received; further ones are dropped, as the system does. Default: 64. */
  readonly capacity?: number;
}

interface Datagram {
  readonly data: Uint8Array;
  readonly peer: RemoteInfo;
}

/** Sends and receives datagrams: made by `udp` and `fromUdp`. */
export class UdpSocket {
  /** Node's object. */
  readonly raw: UdpRaw;
  private held: Resource<UdpSocket> | undefined = undefined;
  private readonly inbox: Channel<Datagram>;
  private readonly forget: () => void;
  /** Of the run that opened it; none when it was made elsewhere. */
  private readonly opener: TaskCell | undefined;
  private failure: unknown = undefined;
  private failed = false;
  private closed = false;
  private lost = 0;

  /** @internal */
  static make(raw: UdpRaw, root: TaskCell, foreign: boolean, options: UdpOptions): UdpSocket {
    return new UdpSocket(raw, root, foreign, options);
  }

  private constructor(raw: UdpRaw, root: TaskCell, foreign: boolean, options: UdpOptions) {
    this.raw = raw;
    this.opener = foreign ? undefined : root;
    this.inbox = new Channel(options.capacity ?? 64);
    raw.on("message", this.onMessage);
    raw.on("error", this.onError);
    raw.on("close", this.onClose);
    this.forget = atEnd(root, foreign ? () => this.detach() : () => this.stop());
  }

  /** @internal The running task holds it from now on. */
  own(): this {
    this.held = new Resource<UdpSocket>(this, (each) => each.stop()).own();
    return this;
  }

  /** The local port. */
  get port(): number {
    return (this.raw.address() as AddressInfo).port;
  }

  /** Datagrams dropped because nobody had received those before. */
  get dropped(): number {
    return this.lost;
  }

  /** What `give` hands to a child. @throws {TypeError} it was made without `owned` */
  get resource(): Resource<unknown> {
    if (this.held === undefined) throw new TypeError("resource: it was made without { owned: true }");
    return this.held;
  }

  /**
   * Waits for a datagram and copies it into `into` at `offset`; what exceeds `length` is lost, as with `recvfrom`. An
   * empty datagram has length 0.
   *
   * @throws {RangeError} the part does not lie in the buffer
   * @throws {ClosedError} the socket was closed
   * @throws {NotOwnerError} it is owned, by another task
   */
  recvFrom(
    into: Uint8Array,
    offset?: number,
    length?: number,
  ): Operation<{ readonly length: number; readonly peer: Peer }> {
    return tracked(this.receiving(into, offset, length), this.recvFrom);
  }

  private *receiving(
    into: Uint8Array,
    offset?: number,
    length?: number,
  ): Operation<{ readonly length: number; readonly peer: Peer }> {
    const target = part("recvFrom", into, offset, length);
    this.held?.check();
    let datagram: Datagram;
    try {
      datagram = yield* this.inbox.receive();
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
      throw this.failed ? this.failure : new ClosedError("recvFrom", "socket");
    }
    const data = datagram.data.subarray(0, target.length);
    target.set(data);
    return { length: data.length, peer: { address: datagram.peer.address, port: datagram.peer.port } };
  }

  /**
   * Sends one datagram, and waits until the system has taken it.
   *
   * @param data - a string is sent as UTF-8
   * @throws {TypeError} `data` is neither a string nor bytes, or `peer` has no port
   * @throws {ClosedError} the socket was closed
   * @throws {NotOwnerError} it is owned, by another task
   * @throws Node's error, such as `EMSGSIZE`
   */
  sendTo(data: Uint8Array | string, peer: Peer): Operation<void> {
    return tracked(this.sending(data, peer), this.sendTo);
  }

  private *sending(data: Uint8Array | string, peer: Peer): Operation<void> {
    if (typeof data !== "string" && !(data instanceof Uint8Array))
      throw new TypeError("sendTo: the data is neither a string nor a Uint8Array");
    if (!Number.isInteger(peer?.port)) throw new TypeError("sendTo: the peer has no port");
    this.held?.check();
    if (this.closed) throw new ClosedError("sendTo", "socket");
    yield* suspend<void>(({ ok, fail }) => {
      this.raw.send(data, peer.port, peer.address, (error) => {
        if (error === null) ok();
        else fail(this.closed ? new ClosedError("sendTo", "socket") : error);
      });
    }, "sendTo");
  }

  /** Closes it at once. Never suspends; closing again does nothing. @throws {NotOwnerError} it is owned, by another task */
  close(): void {
    if (this.closed) return;
    if (this.held !== undefined) this.held.release();
    else this.stop();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private readonly onMessage = (data: Uint8Array, peer: RemoteInfo): void => {
    if (!this.inbox.trySend({ data, peer })) this.lost++;
  };

  private readonly onError = (error: unknown): void => {
    if (!this.failed) this.failure = error;
    this.failed = true;
    this.stop();
  };

  private readonly onClose = (): void => {
    this.closed = true;
    this.forget();
    this.inbox.close();
  };

  private stop(): void {
    if (this.closed) return;
    this.onClose();
    if (this.opener !== undefined) awaitClose(this.opener, this.raw, true);
    this.raw.close();
  }

  private detach(): void {
    this.onClose();
    this.raw.off("message", this.onMessage);
    this.raw.off("error", this.onError);
    this.raw.off("close", this.onClose);
  }
}

/**
 * Opens a socket for datagrams, and waits until it has its port.
 *
 * @throws Node's error, whose `code` says why: `EADDRINUSE`, `EADDRNOTAVAIL`, ...
 * @throws {RangeError} `capacity` is not an integer `>= 0`
 */
export function udp(options: UdpOptions = {}): Operation<UdpSocket> {
  return tracked(openUdp(options), udp);
}

function* openUdp(options: UdpOptions): Operation<UdpSocket> {
  const { root } = running("udp").scheduler;
  const { capacity = 64 } = options;
  if (!Number.isInteger(capacity) || capacity < 0)
    throw new RangeError(`udp: capacity ${capacity} is not an integer >= 0`);
  const raw = createSocket(options.type ?? "udp4");
  const socket = UdpSocket.make(raw, root, false, options);
  yield* listening(
    raw,
    "udp",
    () =>
      raw.bind({
        port: options.port ?? 0,
        ...(options.address === undefined ? {} : { address: options.address }),
      }),
    () => socket.close(),
  );
  return options.owned === true ? socket.own() : socket;
}

/**
 * Uses a datagram socket of Node that is bound already. It is left open at the end of the run unless it was closed.
 * Never suspends.
 *
 * @throws {TypeError} it is not a datagram socket; for a stream, write `fromDuplex`
 * @throws {OutsideTaskError} there is no running task
 */
export function fromUdp(socket: UdpRaw, options: Owned & { readonly capacity?: number } = {}): UdpSocket {
  if (!(socket instanceof UdpRaw)) throw new TypeError("fromUdp: not a datagram socket");
  const made = UdpSocket.make(socket, running("fromUdp").scheduler.root, true, options);
  return options.owned === true ? made.own() : made;
}
