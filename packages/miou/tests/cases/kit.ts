import {
  type Operation,
  type Result,
  type RunSyncOptions,
  runSync,
  type TraceEvent,
  trace,
  virtualTime,
  yieldNow,
} from "../../src/index.ts";

/** One behaviour of the scheduler, without any test framework: it runs on Node and inside a guest alike. */
export interface Case {
  /** The number in CATALOGUE.md. */
  readonly id: number | string;
  /** A sentence about behaviour. */
  readonly name: string;
  /** Throws, or rejects, when the behaviour is another. */
  run(): void;
}

/** Fails unless both are structurally equal. */
export function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [show(actual), show(expected)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

/** Fails unless `condition` holds. */
export function ok(condition: boolean, why: string): void {
  if (!condition) throw new Error(why);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Error) return codeOf(value);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`);
    return `{ ${entries.sort().join(", ")} }`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The stable code of an error of ours, else its class, else what it is. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return `not an error: ${String(error)}`;
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.name === "Error" ? error.message : error.name;
}

/** What `fn` throws, as `codeOf` says it; fails when it throws nothing. */
export function thrown(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return codeOf(error);
  }
  throw new Error("expected an error, got none");
}

/** The same inside a task. */
export function* thrownBy(operation: Operation<unknown>): Operation<string> {
  try {
    yield* operation;
  } catch (error) {
    return codeOf(error);
  }
  throw new Error("expected an error, got none");
}

/** Runs `main` under virtual time to its end; throws what the run throws. */
export function go<T>(main: () => Operation<T>, options: RunSyncOptions = {}): T {
  return runSync(main, { ...virtualTime(), ...options });
}

/** The outcome of a run under virtual time. */
export function outcome<T>(main: () => Operation<T>, options: RunSyncOptions = {}): Result<T> {
  try {
    return { ok: true, value: go(main, options) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** How a run under virtual time fails, as `codeOf` says it. */
export function failure(main: () => Operation<unknown>, options: RunSyncOptions = {}): string {
  return thrown(() => go(main, options));
}

/** Lets every ready task run `times` times. */
export function* settle(times = 20): Operation<void> {
  for (let i = 0; i < times; i++) yield* yieldNow();
}

/** Never ends by itself; `onEnd` runs in its `finally`. */
export function* forever(onEnd?: () => void): Operation<never> {
  try {
    for (;;) yield* yieldNow();
  } finally {
    onEnd?.();
  }
}

/** Returns `value` after `times` yields. */
export function* after<T>(times: number, value: T): Operation<T> {
  for (let i = 0; i < times; i++) yield* yieldNow();
  return value;
}

/** Throws `error` after `times` yields. */
export function* failing(error: unknown, times = 0): Operation<never> {
  for (let i = 0; i < times; i++) yield* yieldNow();
  throw error;
}

export function traced(fn: () => void): TraceEvent[] {
  const events: TraceEvent[] = [];
  const subscription = trace.subscribe((event) => events.push(event));
  try {
    fn();
  } finally {
    subscription.unsubscribe();
  }
  return events;
}
