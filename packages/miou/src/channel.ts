import { ClosedError } from "./errors.ts";
import { Line, Waiting } from "./line.ts";
import { note } from "./note.ts";
import { DONE, Op, refuseSecond, slot, WAIT } from "./op.ts";
import { Ring } from "./ring.ts";
import { type TaskCell, THROW } from "./task.ts";
import type { Effect, Operation } from "./types.ts";

/**
 * A bounded queue between tasks: senders wait while it is full, receivers while it is empty, both in order of arrival.
 * Values arrive in the order in which they were sent.
 */
export class Channel<T> {
  readonly capacity: number;
  private readonly buffer = new Ring<T>();
  /** @internal */
  readonly senders: Line<Sender<T>> = new Line();
  /** @internal */
  readonly receivers: Line<ReceiveOp<T>> = new Line();
  /** Serves whoever receives, unless somebody waits in it. */
  private readonly receiveOp: ReceiveOp<T> = new ReceiveOp(this);
  private closed = false;

  /**
   * @param capacity - values it holds; 0 makes every `send` wait for its `receive`
   * @throws {RangeError} `capacity` is not an integer `>= 0`
   */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 0)
      throw new RangeError(`Channel: ${capacity} is not a capacity`);
    this.capacity = capacity;
  }

  /** Values sent and not yet received. */
  get length(): number {
    return this.buffer.length;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /**
   * Sends `value`, waiting while the channel is full.
   *
   * @throws {ClosedError} the channel is closed, or was while the task waited
   */
  send(value: T): Operation<void> {
    const op = new SendOp(this, value);
    return note?.(op, this.send, slot.task) ?? op;
  }

  /**
   * Receives the oldest value, waiting while there is none.
   *
   * @throws {ClosedError} the channel is closed and empty
   */
  receive(): Operation<T> {
    return note?.(new ReceiveOp<T>(this), this.receive, slot.task) ?? this.receiveOp;
  }

  /** Sends without waiting; false when the channel is full or closed. May be called from anywhere. */
  trySend(value: T): boolean {
    if (this.closed) return false;
    const receiver = this.receivers.serve();
    if (receiver !== undefined) {
      receiver.complete(value);
      return true;
    }
    if (this.buffer.length >= this.capacity) return false;
    this.buffer.push(value);
    return true;
  }

  /** Receives without waiting; `undefined` when there is nothing. May be called from anywhere. */
  tryReceive(): { readonly value: T } | undefined {
    if (this.buffer.length === 0) {
      const sender = this.senders.serve();
      if (sender === undefined) return undefined;
      sender.complete(undefined);
      return { value: sender.value };
    }
    return { value: this.shift() };
  }

  /** Ends the channel: no more is accepted, those who wait in vain get `ClosedError`; what is in it can be received. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (let op = this.senders.serve(); op !== undefined; op = this.senders.serve()) {
      op.complete(new ClosedError("send"), true);
    }
    for (let op = this.receivers.serve(); op !== undefined; op = this.receivers.serve()) {
      op.complete(new ClosedError("receive"), true);
    }
  }

  /** @internal Takes the oldest value of a buffer that has some, and lets the first sender put its own there. */
  shift(): T {
    const value = this.buffer.shift() as T;
    const sender = this.senders.serve();
    if (sender !== undefined) {
      this.buffer.push(sender.value);
      sender.complete(undefined);
    }
    return value;
  }

  /** @internal A value that its receiver did not get goes to the next one, or back to the front. */
  giveBack(value: T): void {
    const receiver = this.receivers.serve();
    if (receiver !== undefined) receiver.complete(value);
    else this.buffer.unshift(value);
  }
}

/** Fails the operation that `task` has begun. */
function refuse(task: TaskCell, call: string): number {
  task.value = new ClosedError(call);
  task.flags |= THROW;
  return DONE;
}

/** There is one a value: it holds no more than it needs when nobody has to wait. */
class SendOp<T> extends Op<void> {
  private readonly channel: Channel<T>;
  private readonly value: T;
  private sender: Sender<T> | undefined = undefined;

  constructor(channel: Channel<T>, value: T) {
    super();
    this.channel = channel;
    this.value = value;
  }

  get label(): string {
    return "Channel.send";
  }

  override get performer(): TaskCell | undefined {
    return this.sender?.performer;
  }

  override [Symbol.iterator](): Iterator<Effect, void, unknown> {
    return this.performer === undefined ? this : new SendOp(this.channel, this.value);
  }

  override next(resumed?: unknown): IteratorResult<Effect, void> {
    if (resumed === undefined && this.sender !== undefined) refuseSecond(this);
    return super.next(resumed);
  }

  override begin(task: TaskCell): number {
    const { channel } = this;
    if (channel.trySend(this.value)) return DONE;
    if (channel.isClosed) return refuse(task, "send");
    this.sender = new Sender(channel.senders, task, this.value);
    task.wait = this.sender;
    channel.senders.join(this.sender);
    return WAIT;
  }
}

/** A task that waits to send. */
class Sender<T> extends Waiting<void> {
  readonly value: T;
  private readonly line: Line<Sender<T>>;

  constructor(line: Line<Sender<T>>, task: TaskCell, value: T) {
    super();
    this.line = line;
    this.task = task;
    this.value = value;
  }

  get label(): string {
    return "Channel.send";
  }

  override begin(): number {
    return WAIT;
  }

  override stop(): void {
    this.line.leave(this);
  }
}

class ReceiveOp<T> extends Waiting<T> {
  private readonly channel: Channel<T>;

  constructor(channel: Channel<T>) {
    super();
    this.channel = channel;
  }

  get label(): string {
    return "Channel.receive";
  }

  protected override again(): ReceiveOp<T> {
    return new ReceiveOp(this.channel);
  }

  override begin(task: TaskCell): number {
    task.wait = this;
    const { channel } = this;
    if (channel.length > 0) {
      task.value = channel.shift();
      return DONE;
    }
    const item = channel.tryReceive();
    if (item !== undefined) {
      task.value = item.value;
      return DONE;
    }
    if (channel.isClosed) return refuse(task, "receive");
    this.task = task;
    channel.receivers.join(this);
    return WAIT;
  }

  /** The channel keeps it: it forgets its task, and is free for the next. */
  override complete(value: unknown, failed = false): void {
    super.complete(value, failed);
    this.task = undefined;
  }

  override stop(): void {
    this.channel.receivers.leave(this);
    this.task = undefined;
  }

  override abandon(task: TaskCell, failed: boolean): void {
    if (!failed) this.channel.giveBack(task.value as T);
  }
}
