import { Duplex, Readable, Writable } from "node:stream";
import { ClosedError } from "../errors.ts";
import { Mutex } from "../mutex.ts";
import { tracked } from "../note.ts";
import { running } from "../op.ts";
import { Resource } from "../resource.ts";
import { type Resume, suspend } from "../suspend.ts";
import type { TaskCell } from "../task.ts";
import type { Operation } from "../types.ts";
import { EndOfStreamError } from "./errors.ts";
import { part } from "./range.ts";
import { atEnd, awaitClose } from "./scope.ts";

/** How sockets, streams and the like are made. */
export interface Owned {
  /**
   * Makes the running task hold it as a {@link Resource}: every call checks that, and it is closed when that task fails
   * or is cancelled. Default: anybody may use it, and it is closed at the latest when the run ends.
   */
  readonly owned?: boolean;
}

/** Something to read bytes from. */
export interface ByteSource {
  /** Node's object, for what this interface does not offer. Do not read from it. */
  readonly raw: Readable;
  /** What `give` hands to a child. @throws {TypeError} it was made without `owned` */
  readonly resource: Resource<unknown>;
  /**
   * Reads what is there, at most `length` bytes, into `into` at `offset`; waits for the first byte. Several readers are
   * served in order of arrival. A cancelled read has taken nothing.
   *
   * @returns how many bytes, at least 1; 0 at the end of the stream, or when `length` is 0
   * @throws {RangeError} the part does not lie in the buffer
   * @throws {ClosedError} it was closed on this side
   * @throws {NotOwnerError} it is owned, by another task
   * @throws the stream's own error, such as `ECONNRESET`
   */
  read(into: Uint8Array, offset?: number, length?: number): Operation<number>;
  /**
   * Reads exactly `length` bytes, by default the whole buffer; returns at once when that is 0.
   *
   * @throws {EndOfStreamError} the stream ended before
   * @throws what {@link read} throws
   */
  readExactly(into: Uint8Array, offset?: number, length?: number): Operation<void>;
  /** Closes it at once, in both directions. Never suspends; closing again does nothing. @throws {NotOwnerError} */
  close(): void;
  [Symbol.dispose](): void;
}

/** Something to write bytes to. */
export interface ByteSink {
  /** Node's object, for what this interface does not offer. */
  readonly raw: Writable;
  /** What `give` hands to a child. @throws {TypeError} it was made without `owned` */
  readonly resource: Resource<unknown>;
  /**
   * Writes all of `data`, and waits until the stream has passed it on: the buffer is then the caller's again. After a
   * cancelled write it is not known how much was sent.
   *
   * @param data - a string is sent as UTF-8
   * @throws {ClosedError} it was closed or ended on this side
   * @throws {NotOwnerError} it is owned, by another task
   * @throws the stream's own error, such as `EPIPE`
   */
  write(data: Uint8Array | string): Operation<void>;
  /** Ends this direction and waits until everything has been passed on; reading goes on. Throws what {@link write} throws. */
  end(): Operation<void>;
  /** Closes it at once, in both directions. Never suspends; closing again does nothing. @throws {NotOwnerError} */
  close(): void;
  [Symbol.dispose](): void;
}

/** A stream of bytes in both directions: made by `connect`, `accept` and `fromDuplex`. */
export class Socket implements ByteSource, ByteSink {
  readonly raw: Duplex;
  private readonly held: Resource<Socket> | undefined;
  /** One reader at a time, in order of arrival. */
  private readonly turn = new Mutex("a socket's reader");
  private reader: Resume<void> | undefined = undefined;
  private readonly writers = new Set<Resume<void>>();
  private failure: unknown = undefined;
  private failed = false;
  private closed = false;
  private listening = false;
  private readonly forget: () => void;
  /** Of the run that opened it; none when it was made elsewhere. */
  private readonly opener: TaskCell | undefined;

  /**
   * @internal
   * @param root - of the run at whose end it goes
   * @param foreign - it was made elsewhere: at the end of the run it is left open, without our listeners
   */
  static make(raw: Duplex, root: TaskCell, foreign: boolean, owned: boolean | undefined): Socket {
    return new Socket(raw, root, foreign, owned);
  }

  private constructor(raw: Duplex, root: TaskCell, foreign: boolean, owned: boolean | undefined) {
    this.raw = raw;
    this.opener = foreign ? undefined : root;
    this.held = owned === true ? new Resource<Socket>(this, (socket) => socket.destroy()).own() : undefined;
    raw.on("error", this.onError);
    raw.on("close", this.onClose);
    this.forget = atEnd(root, foreign ? () => this.leave() : () => this.destroy());
  }

  get resource(): Resource<unknown> {
    if (this.held === undefined) throw new TypeError("resource: it was made without { owned: true }");
    return this.held;
  }

  read(into: Uint8Array, offset?: number, length?: number): Operation<number> {
    return tracked(this.reading(into, offset, length), this.read);
  }

  private *reading(into: Uint8Array, offset?: number, length?: number): Operation<number> {
    const target = part("read", into, offset, length);
    this.held?.check();
    yield* this.turn.lock();
    try {
      return yield* this.fill("read", target);
    } finally {
      this.turn.unlock();
    }
  }

  readExactly(into: Uint8Array, offset?: number, length?: number): Operation<void> {
    return tracked(this.readingExactly(into, offset, length), this.readExactly);
  }

  private *readingExactly(into: Uint8Array, offset?: number, length?: number): Operation<void> {
    const target = part("readExactly", into, offset, length);
    this.held?.check();
    if (target.length === 0) return;
    yield* this.turn.lock();
    try {
      for (let done = 0; done < target.length; ) {
        const count = yield* this.fill("readExactly", target.subarray(done));
        if (count === 0) throw new EndOfStreamError("readExactly", done, target.length);
        done += count;
      }
    } finally {
      this.turn.unlock();
    }
  }

  write(data: Uint8Array | string): Operation<void> {
    return tracked(this.writing(data), this.write);
  }

  private *writing(data: Uint8Array | string): Operation<void> {
    if (typeof data !== "string" && !(data instanceof Uint8Array))
      throw new TypeError("write: the data is neither a string nor a Uint8Array");
    yield* this.passOn("write", (done) => this.raw.write(data, done));
  }

  end(): Operation<void> {
    return tracked(this.ending(), this.end);
  }

  private *ending(): Operation<void> {
    yield* this.passOn("end", (done) => this.raw.end(done));
  }

  close(): void {
    if (this.closed) return;
    if (this.held !== undefined) this.held.release();
    else this.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes what is there, once there is something. The caller has the turn. */
  private *fill(call: string, target: Uint8Array): Operation<number> {
    const { raw } = this;
    if (!this.listening) {
      this.listening = true;
      raw.on("readable", this.onReadable);
      raw.on("end", this.onReadable);
    }
    for (;;) {
      this.check(call);
      if (target.length === 0) return 0;
      const available = raw.readableLength;
      if (available > 0) {
        const chunk = raw.read(Math.min(available, target.length)) as Uint8Array | null;
        if (chunk !== null) {
          target.set(chunk);
          return chunk.length;
        }
      }
      if (raw.readableEnded) return 0;
      if (!raw.readable) throw new ClosedError(call, "stream");
      // Makes a stream that has nothing left say so.
      raw.read(0);
      yield* suspend<void>((resume) => {
        this.reader = resume;
        return () => {
          this.reader = undefined;
        };
      }, call);
    }
  }

  /** Throws what has ended the stream, other than its end. */
  private check(call: string): void {
    if (this.closed) throw new ClosedError(call, "stream");
    if (this.failed) throw this.failure;
    // Node tells of it later, in an event.
    if (this.raw.errored !== null && this.raw.errored !== undefined) throw this.raw.errored;
    if (this.raw.destroyed && !this.raw.readableEnded) throw new ClosedError(call, "stream");
  }

  private *passOn(call: string, start: (done: (error?: Error | null) => void) => void): Operation<void> {
    this.held?.check();
    this.check(call);
    if (this.raw.destroyed || this.raw.writableEnded) throw new ClosedError(call, "stream");
    yield* suspend<void>((resume) => {
      const { writers } = this;
      writers.add(resume);
      start((error) => {
        writers.delete(resume);
        if (error === undefined || error === null) resume.ok();
        else resume.fail(this.closed ? new ClosedError(call, "stream") : error);
      });
      return () => {
        writers.delete(resume);
      };
    }, call);
  }

  private readonly onReadable = (): void => {
    const { reader } = this;
    this.reader = undefined;
    reader?.ok();
  };

  private readonly onError = (error: unknown): void => {
    if (!this.closed && !this.failed) {
      this.failed = true;
      this.failure = error;
    }
    this.onReadable();
  };

  private readonly onClose = (): void => {
    this.forget();
    this.detach();
    this.release();
  };

  /** Nothing more will come: whoever waits goes on. */
  private release(): void {
    this.onReadable();
    const writers = [...this.writers];
    this.writers.clear();
    for (const writer of writers)
      writer.fail(this.failed ? this.failure : new ClosedError("write", "stream"));
  }

  private destroy(): void {
    this.closed = true;
    this.forget();
    if (this.opener !== undefined && !this.raw.closed) awaitClose(this.opener, this.raw, false);
    this.raw.destroy();
    // The stream says so later.
    this.release();
  }

  private leave(): void {
    this.closed = true;
    // A stream that is being destroyed has yet to say why.
    if (!this.raw.destroyed) this.detach();
  }

  private detach(): void {
    const { raw } = this;
    raw.off("error", this.onError);
    raw.off("close", this.onClose);
    raw.off("readable", this.onReadable);
    raw.off("end", this.onReadable);
  }
}

/**
 * Reads from a Node stream. It is left open at the end of the run unless it was closed. Never suspends.
 *
 * @throws {TypeError} it is not a stream of bytes; for a datagram socket, write `fromUdp`
 * @throws {OutsideTaskError} there is no running task
 */
export function fromReadable(stream: Readable, options?: Owned): ByteSource {
  if (!(stream instanceof Readable) || stream.readableObjectMode || stream.readableEncoding !== null)
    throw new TypeError("fromReadable: not a readable stream of bytes");
  return wrap("fromReadable", stream as Duplex, options);
}

/** Writes to a Node stream. Otherwise like {@link fromReadable}. */
export function fromWritable(stream: Writable, options?: Owned): ByteSink {
  if (!(stream instanceof Writable) || stream.writableObjectMode)
    throw new TypeError("fromWritable: not a writable stream of bytes");
  return wrap("fromWritable", stream as Duplex, options);
}

/** Reads from, and writes to, a Node stream or socket. Otherwise like {@link fromReadable}. */
export function fromDuplex(stream: Duplex, options?: Owned): Socket {
  if (
    !(stream instanceof Duplex) ||
    stream.readableObjectMode ||
    stream.writableObjectMode ||
    stream.readableEncoding !== null
  )
    throw new TypeError("fromDuplex: not a stream of bytes in both directions");
  return wrap("fromDuplex", stream, options);
}

function wrap(call: string, stream: Duplex, options: Owned | undefined): Socket {
  return Socket.make(stream, running(call).scheduler.root, true, options?.owned);
}
