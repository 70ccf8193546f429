// Checked by tsc alone: whatever is wrong here is a compile error.
import {
  type Awaitable,
  all,
  allSettled,
  both,
  Channel,
  Computation,
  Lazy,
  type Operation,
  Orphans,
  oneOf,
  Resource,
  type Result,
  race,
  run,
  runSync,
  spawn,
  suspend,
  type Task,
  timeout,
  toPromise,
  until,
  yieldNow,
} from "../src/index.ts";

/** Compiles only when both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

function* number(): Operation<number> {
  return 1;
}
function* text(): Operation<string> {
  return "";
}

export function* inference(): Operation<void> {
  const n = spawn(number);
  const s = spawn(text);
  same<typeof n, Task<number>>(true);

  const value = yield* n;
  same<typeof value, number>(true);
  const result = yield* n.result();
  same<typeof result, Result<number>>(true);
  if (result.ok) same<typeof result.value, number>(true);
  else same<typeof result.error, unknown>(true);
  const nothing = yield* n.cancel({ reason: 1, force: true });
  same<typeof nothing, void>(true);

  const settled = yield* allSettled([n, s]);
  same<typeof settled, [Result<number>, Result<string>]>(true);
  const list = yield* allSettled([n, n] as Task<number>[]);
  same<typeof list, Result<number>[]>(true);
  const values = yield* all([n, s]);
  same<typeof values, [number, string]>(true);
  const pair = yield* both(n, s);
  same<typeof pair, [number, string]>(true);

  const first = yield* race([n, s]);
  same<typeof first, number | string>(true);
  const only = yield* oneOf([n, n]);
  same<typeof only, number>(true);
  const outcome = yield* race([n, s]).result();
  same<typeof outcome, Result<number | string>>(true);

  const generator = spawn(function* () {
    yield* yieldNow();
    return { a: 1 } as const;
  });
  same<typeof generator, Task<{ readonly a: 1 }>>(true);

  const promised = yield* until(Promise.resolve(1));
  same<typeof promised, number>(true);
  const owned = yield* until(async (signal) => signal.aborted);
  same<typeof owned, boolean>(true);
  const suspended = yield* suspend<number>(({ ok }) => ok(1));
  same<typeof suspended, number>(true);
  const limited = yield* timeout(1, text);
  same<typeof limited, string>(true);
  const promise = toPromise(n);
  same<typeof promise, Promise<number>>(true);

  const lazy = new Lazy(number);
  const forced = yield* lazy;
  same<typeof forced, number>(true);
  const computed = yield* new Computation<string>();
  same<typeof computed, string>(true);
  const received = yield* new Channel<Date>(1).receive();
  same<typeof received, Date>(true);

  const resource = new Resource(new Date(), (date) => date.getTime());
  spawn(number, { give: [resource] });
  const collector = new Orphans<number>();
  spawn(number, { orphans: collector });
  const next = yield* collector.next();
  same<typeof next, Result<number> | undefined>(true);

  // A task is covariant in its value, and no promise.
  const wider: Task<number | string> = n;
  const awaitable: Awaitable<unknown> = wider;
  void awaitable;
  // @ts-expect-error: not thenable
  void n.then;
}

export function* misuse(): Operation<void> {
  // @ts-expect-error: a promise is not an effect: `yield* until(promise)`
  yield Promise.resolve();
  // @ts-expect-error: an operation is not an effect: `yield*`
  yield yieldNow();
  // @ts-expect-error: an async function is not an operation
  spawn(async () => {});
  // @ts-expect-error: a number is not a task
  race([1]);
  // @ts-expect-error: strings cannot be members of a collector of numbers
  spawn(text, { orphans: new Orphans<number>() });
  // @ts-expect-error: no such option
  spawn(number, { nam: "x" });
}

export async function runs(): Promise<void> {
  const value = await run(number, { quanta: 4, seed: 1n });
  same<typeof value, number>(true);
  const now = runSync(text, { order: "random" });
  same<typeof now, string>(true);
  // @ts-expect-error: not an order
  runSync(text, { order: "lifo" });
}
