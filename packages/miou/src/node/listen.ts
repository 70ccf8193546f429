import {
  type AddressInfo,
  createServer,
  type ListenOptions as NetListenOptions,
  type Socket as NetSocket,
  type Server,
} from "node:net";
import { Channel } from "../channel.ts";
import { ClosedError } from "../errors.ts";
import { tracked } from "../note.ts";
import { running } from "../op.ts";
import { Resource } from "../resource.ts";
import type { TaskCell } from "../task.ts";
import type { Operation } from "../types.ts";
import { listening } from "./listening.ts";
import { atEnd, awaitClose } from "./scope.ts";
import { type Owned, Socket } from "./socket.ts";

/** Where to listen: `{ port, host }`, port 0 meaning any free one, or `{ path }` for a Unix socket. */
export interface ListenOptions extends Omit<NetListenOptions, "signal">, Owned {
  /** Connections that the system keeps until Node takes them. Default: 64. */
  readonly backlog?: number;
  /** Connections that are kept until they are accepted; further ones are closed at once. Default: 1024. */
  readonly maxPending?: number;
}

/** Takes connections: made by `listen`. */
export class Listener {
  /** Node's object. */
  readonly raw: Server;
  private readonly held: Resource<Listener> | undefined;
  private readonly pending: Channel<NetSocket>;
  private readonly root: TaskCell;
  private readonly forget: () => void;
  private failure: unknown = undefined;
  private failed = false;
  private closed = false;

  /** @internal */
  static make(
    raw: Server,
    pending: Channel<NetSocket>,
    root: TaskCell,
    owned: boolean | undefined,
  ): Listener {
    return new Listener(raw, pending, root, owned);
  }

  private constructor(raw: Server, pending: Channel<NetSocket>, root: TaskCell, owned: boolean | undefined) {
    this.raw = raw;
    this.pending = pending;
    this.root = root;
    this.held = owned === true ? new Resource<Listener>(this, (each) => each.stop()).own() : undefined;
    raw.on("error", (error) => {
      if (!this.failed) this.failure = error;
      this.failed = true;
      this.stop();
    });
    this.forget = atEnd(root, () => this.stop());
  }

  /** The port, which the system chose if 0 was asked for; 0 for a Unix socket. */
  get port(): number {
    const address = this.raw.address() as AddressInfo | string | null;
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** What `give` hands to a child. @throws {TypeError} it was made without `owned` */
  get resource(): Resource<unknown> {
    if (this.held === undefined) throw new TypeError("resource: it was made without { owned: true }");
    return this.held;
  }

  /**
   * Waits for the next connection; several tasks are served in order of arrival. A connection whose task is cancelled
   * before it has it goes to the next call.
   *
   * @param options - whether the running task holds the connection
   * @throws {ClosedError} the listener was closed, before or meanwhile
   * @throws {NotOwnerError} it is owned, by another task
   * @throws the error that ended the listener
   */
  accept(options?: Owned): Operation<Socket> {
    return tracked(this.accepting(options), this.accept);
  }

  private *accepting(options?: Owned): Operation<Socket> {
    this.held?.check();
    try {
      return Socket.make(yield* this.pending.receive(), this.root, false, options?.owned);
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
      throw this.failed ? this.failure : new ClosedError("accept", "listener");
    }
  }

  /**
   * Stops listening at once and closes the connections that nobody accepted; accepted ones go on. Never suspends;
   * closing again does nothing.
   *
   * @throws {NotOwnerError} it is owned, by another task
   */
  close(): void {
    if (this.closed) return;
    if (this.held !== undefined) this.held.release();
    else this.stop();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private stop(): void {
    if (this.closed) return;
    this.closed = true;
    this.forget();
    if (this.raw.listening) awaitClose(this.root, this.raw, true);
    this.raw.close();
    this.pending.close();
    for (let item = this.pending.tryReceive(); item !== undefined; item = this.pending.tryReceive())
      item.value.destroy();
  }
}

/**
 * Listens for connections on a TCP port or a Unix socket, and waits until that has begun.
 *
 * @throws Node's error, whose `code` says why: `EADDRINUSE`, `EACCES`, ...
 * @throws {RangeError} `backlog` or `maxPending` is not a positive integer
 */
export function listen(options: ListenOptions): Operation<Listener> {
  return tracked(startListening(options), listen);
}

function* startListening(options: ListenOptions): Operation<Listener> {
  const { root } = running("listen").scheduler;
  const { owned, maxPending = 1024, backlog = 64, ...rest } = options;
  for (const [name, value] of Object.entries({ backlog, maxPending }))
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`listen: ${name} ${value} is not a positive integer`);
  const pending = new Channel<NetSocket>(maxPending);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // Until it is accepted nobody else listens to its errors.
    socket.on("error", () => {});
    if (!pending.trySend(socket)) socket.destroy();
  });
  server.on("error", () => {});
  yield* listening(
    server,
    "listen",
    () => server.listen({ ...rest, backlog }),
    () => {
      // Looking up the host may still be under way.
      server.on("listening", () => server.close());
      if (server.listening) server.close();
    },
  );
  return Listener.make(server, pending, root, owned);
}
