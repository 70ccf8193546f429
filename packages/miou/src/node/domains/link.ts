import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Portable } from "../../domain-provider.ts";
import { running } from "../../op.ts";
import { suspend } from "../../suspend.ts";
import type { Operation } from "../../types.ts";
import type { Message } from "./protocol.ts";
import { decodeError, encodeError } from "./wire-error.ts";

/** A call that has not settled. */
interface Pending {
  /** Gives the value or throws the error. */
  outcome: (() => unknown) | undefined;
  /** Wakes the task that waits for the outcome. */
  wake: (() => void) | undefined;
  /** The cancellation has reached the task. */
  reached: (() => void) | undefined;
  /** Bounds what the other side takes to stop. */
  timer: NodeJS.Timeout | undefined;
}

/** The least time, in ms, that another thread is given to answer. */
const GRACE = 50;

function fail(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** What the owner of a link does. */
export interface LinkHandlers {
  /** A message that is not about a call of this side. */
  receive(message: Message, link: Link): void;
  /** The other side does not answer a cancellation. */
  stuck(): void;
  /** What the other side sent cannot be read, and somebody would wait for it for ever. */
  broken(error: unknown): void;
}

/** One end of a connection between two threads, which may both call, and be called. */
export class Link {
  readonly port: MessagePort;
  private readonly handlers: LinkHandlers;
  /** Of the other side. */
  private readonly flags: Int32Array;
  private readonly domain: number;
  private readonly calls = new Map<number, Pending>();
  private created = 0;
  private batch: { readonly message: Message; readonly transfer: readonly object[] }[] = [];
  private lost: Error | undefined = undefined;

  /** @param domain - the other side */
  constructor(port: MessagePort, domain: number, flags: Int32Array, handlers: LinkHandlers) {
    this.port = port;
    this.domain = domain;
    this.flags = flags;
    this.handlers = handlers;
    port.on("message", (messages: readonly Message[]) => this.deliver(messages));
    port.on("messageerror", (error) => handlers.broken(error));
  }

  /** How many calls of this side have not settled. */
  get busy(): number {
    return this.calls.size;
  }

  /** Called when the number of calls goes up from none, or down to none. */
  onBusy: (busy: boolean) => void = () => {};

  /** Performs a call for the running task. When that is cancelled, so is the other side's, and its end waited for. */
  *call<A, T>(fn: Portable<A, T>, argument: A, transfer: readonly object[]): Operation<T> {
    if (this.lost !== undefined) throw this.lost;
    const { cleanupTimeout } = running("call").scheduler;
    const uid = ++this.created;
    const pending: Pending = { outcome: undefined, wake: undefined, reached: undefined, timer: undefined };
    this.calls.set(uid, pending);
    if (this.calls.size === 1) this.onBusy(true);
    this.post({ type: "start", uid, url: fn.url, name: fn.export, argument }, transfer);
    try {
      yield* this.settled(pending);
    } finally {
      if (pending.outcome === undefined) {
        const reason = encodeError(running("call").cancelled?.reason);
        this.post({ type: "cancel", uid, reason });
        if (cleanupTimeout !== undefined) this.bound(pending, cleanupTimeout);
        yield* this.settled(pending);
      }
    }
    const { outcome } = pending as { readonly outcome: (() => unknown) | undefined };
    return outcome?.() as T;
  }

  /** Sends `message` with others of this turn. */
  post(message: Message, transfer: readonly object[] = []): void {
    if (this.batch.push({ message, transfer }) === 1) queueMicrotask(() => this.flush());
  }

  /** Takes what has arrived without waiting for the host's event loop. */
  drain(): void {
    try {
      for (;;) {
        const next = receiveMessageOnPort(this.port);
        if (next === undefined) return;
        this.deliver(next.message as readonly Message[]);
      }
    } catch (error) {
      this.handlers.broken(error);
    }
  }

  /** The other side is gone: every call fails. */
  lose(error: Error): void {
    if (this.lost !== undefined) return;
    this.lost = error;
    this.port.close();
    for (const uid of [...this.calls.keys()]) this.settle(uid, fail(error));
  }

  /** A task that takes no step, or whose cleanup is stuck in turn after its own scheduler has cut it short, is the end of its worker. */
  private bound(pending: Pending, limit: number): void {
    const stuck = (): void => this.handlers.stuck();
    pending.timer = setTimeout(stuck, Math.max(limit, GRACE));
    pending.reached = () => {
      clearTimeout(pending.timer);
      pending.timer = setTimeout(stuck, 2 * limit + GRACE);
    };
  }

  private *settled(pending: Pending): Operation<void> {
    if (pending.outcome !== undefined) return;
    yield* suspend<void>(({ ok }) => {
      pending.wake = ok;
      return () => {
        pending.wake = undefined;
      };
    }, `call in domain ${this.domain}`);
  }

  private settle(uid: number, outcome: () => unknown): void {
    const pending = this.calls.get(uid);
    if (pending === undefined) return;
    this.calls.delete(uid);
    clearTimeout(pending.timer);
    pending.outcome = outcome;
    pending.wake?.();
    if (this.calls.size === 0) this.onBusy(false);
  }

  private deliver(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === "settled") {
        const { outcome, uid } = message;
        this.settle(uid, () => {
          if (outcome.ok) return outcome.value;
          throw decodeError(outcome.error);
        });
      } else if (message.type === "cancelling") {
        this.calls.get(message.uid)?.reached?.();
      } else this.handlers.receive(message, this);
    }
  }

  private flush(): void {
    const { batch } = this;
    this.batch = [];
    if (this.lost !== undefined) return;
    try {
      this.send(batch);
    } catch {
      // One of them cannot be copied: the others go alone.
      for (const each of batch) {
        try {
          this.send([each]);
        } catch (error) {
          this.refused(each.message, error);
        }
      }
    }
    Atomics.add(this.flags, this.domain, 1);
  }

  private send(batch: readonly { readonly message: Message; readonly transfer: readonly object[] }[]): void {
    const transfer = batch.flatMap((each) => each.transfer) as Parameters<MessagePort["postMessage"]>[1];
    this.port.postMessage(
      batch.map(({ message }) => message),
      transfer,
    );
  }

  private refused(message: Message, cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (message.type === "start") {
      const error = new TypeError(`call: the argument cannot be copied to another domain: ${why}`, { cause });
      this.settle(message.uid, fail(error));
    } else if (message.type === "settled") {
      const error = new TypeError(`call: the value cannot be copied to another domain: ${why}`);
      this.send([
        { message: { ...message, outcome: { ok: false, error: encodeError(error) } }, transfer: [] },
      ]);
    }
  }
}
