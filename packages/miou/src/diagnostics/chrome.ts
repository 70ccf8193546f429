import { hostClock } from "../clock.ts";
import { Ring } from "../ring.ts";
import { type Subscription, type TraceEvent, trace } from "../trace.ts";
import type { Task } from "../types.ts";

/** One event in Chrome's trace event format; times are in microseconds. */
export interface ChromeEvent {
  readonly name: string;
  /** A slice of a task, a moment, or the name of a row. */
  readonly ph: "X" | "i" | "M";
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  /** The task's uid: every task has a row of its own. */
  readonly tid: number;
  readonly s?: "t";
  readonly args: Readonly<Record<string, string>>;
}

/** How {@link recordChromeTrace} records. */
export interface ChromeOptions {
  /** How many events are kept; then the oldest are forgotten. Default: 200 000. */
  readonly limit?: number;
  /** Milliseconds, for tests. Default: the host's monotonic clock. */
  readonly now?: () => number;
}

/** A recording in progress. `JSON.stringify` of it is a file for chrome://tracing or Perfetto. */
export class ChromeTrace {
  private readonly events = new Ring<ChromeEvent>();
  private readonly limit: number;
  private readonly now: () => number;
  private readonly subscription: Subscription;
  private lost = 0;
  private sliceOf: Task<unknown> | undefined = undefined;
  private sliceStart = 0;

  /** @internal */
  static make(options: ChromeOptions): ChromeTrace {
    return new ChromeTrace(options);
  }

  private constructor({ limit = 200_000, now = hostClock }: ChromeOptions) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`recordChromeTrace: limit ${limit} is not a positive integer`);
    this.limit = limit;
    this.now = now;
    this.subscription = trace.subscribe((event) => this.record(event));
  }

  /** How many events were forgotten. */
  get dropped(): number {
    return this.lost;
  }

  /** Ends the recording; what was recorded remains. */
  stop(): void {
    this.subscription.unsubscribe();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  toJSON(): { readonly traceEvents: readonly ChromeEvent[]; readonly displayTimeUnit: "ms" } {
    const traceEvents: ChromeEvent[] = [];
    const rows = new Map<number, string>();
    // A ring has no iterator: once around.
    for (let left = this.events.length; left > 0; left--) {
      const event = this.events.shift() as ChromeEvent;
      this.events.push(event);
      traceEvents.push(event);
      rows.set(event.tid, event.args.task ?? event.name);
    }
    const names = [...rows].map(
      ([tid, name]): ChromeEvent => ({ name: "thread_name", ph: "M", ts: 0, pid: 1, tid, args: { name } }),
    );
    return { traceEvents: [...names, ...traceEvents], displayTimeUnit: "ms" };
  }

  private record(event: TraceEvent): void {
    const ts = this.now() * 1000;
    switch (event.type) {
      case "begin":
        this.sliceOf = event.task;
        this.sliceStart = ts;
        return;
      case "yield":
      case "wait":
      case "end": {
        if (this.sliceOf !== event.task) return;
        this.sliceOf = undefined;
        const name = String(event.task);
        const then = event.type === "wait" ? `waits for ${event.on}` : event.type;
        const dur = ts - this.sliceStart;
        const args = { task: name, then };
        this.push({ name, ph: "X", ts: this.sliceStart, dur, pid: 1, tid: event.task.uid, args });
        return;
      }
      case "resume":
        return;
      default: {
        const args: Record<string, string> = event.task === undefined ? {} : { task: String(event.task) };
        if ("error" in event) args.error = String(event.error);
        if ("what" in event) args.what = event.what;
        if ("parent" in event && event.parent !== undefined) args.parent = String(event.parent);
        this.push({ name: event.type, ph: "i", ts, pid: 1, tid: event.task?.uid ?? 0, s: "t", args });
      }
    }
  }

  private push(event: ChromeEvent): void {
    if (this.events.length === this.limit) {
      this.events.shift();
      this.lost++;
    }
    this.events.push(event);
  }
}

/**
 * Records every run of the realm from now on, until it is stopped.
 *
 * @throws {RangeError} `limit` is not a positive integer
 */
export function recordChromeTrace(options: ChromeOptions = {}): ChromeTrace {
  return ChromeTrace.make(options);
}
