import { Effect, Fiber, Queue, Semaphore } from "effect";

const yields = (n) =>
  Effect.gen(function* () {
    for (let i = 0; i < n; i++) yield* Effect.yieldNow;
  });

const fib = (n) =>
  Effect.gen(function* () {
    if (n < 2) return n;
    const a = yield* Effect.forkChild(fib(n - 1));
    const b = yield* Effect.forkChild(fib(n - 2));
    return (yield* Fiber.join(a)) + (yield* Fiber.join(b));
  });

const together = (count, body) =>
  Effect.gen(function* () {
    const fibers = [];
    for (let i = 0; i < count; i++) fibers.push(yield* Effect.forkChild(body(i)));
    for (const fiber of fibers) yield* Fiber.join(fiber);
  });

const run = (effect) => Effect.runPromise(effect);

export default () => ({
  spawn: (n) =>
    run(
      Effect.gen(function* () {
        for (let i = 0; i < n; i++) yield* Fiber.join(yield* Effect.forkChild(Effect.void));
      }),
    ),
  children: (n) => run(together(n, () => Effect.void)),
  switch: (n) => run(together(10, () => yields(n / 10))),
  cancel: (n) =>
    run(
      Effect.gen(function* () {
        let finished = 0;
        const body = Effect.ensuring(
          Effect.never,
          Effect.sync(() => finished++),
        );
        const fibers = [];
        for (let i = 0; i < n; i++) fibers.push(yield* Effect.forkChild(body));
        yield* Effect.yieldNow;
        yield* Effect.yieldNow;
        for (const fiber of fibers) yield* Fiber.interrupt(fiber);
        if (finished !== n) throw new Error(`${finished} of ${n} finished`);
      }),
    ),
  fib: (n) => run(fib(n)),
  mutex: (n) =>
    run(
      Effect.gen(function* () {
        const mutex = yield* Semaphore.make(1);
        yield* together(10, () =>
          Effect.gen(function* () {
            for (let i = 0; i < n / 10; i++) yield* mutex.withPermits(1)(Effect.yieldNow);
          }),
        );
      }),
    ),
  channel: (n) =>
    run(
      Effect.gen(function* () {
        const queue = yield* Queue.bounded(64);
        yield* together(2, (side) =>
          Effect.gen(function* () {
            if (side === 0) for (let i = 0; i < n / 2; i++) yield* Queue.take(queue);
            else for (let i = 0; i < n / 2; i++) yield* Queue.offer(queue, i);
          }),
        );
      }),
    ),
  sleepers: (delays, woken) =>
    run(
      together(delays.length, (i) =>
        Effect.gen(function* () {
          const due = performance.now() + delays[i];
          yield* Effect.sleep(delays[i]);
          woken(performance.now() - due);
        }),
      ),
    ),
  load: (n) =>
    run(
      Effect.gen(function* () {
        const fibers = [];
        for (let i = 0; i < n; i++) {
          fibers.push(yield* Effect.forkChild(yields(3)));
          if (i % 1000 === 999) yield* Effect.yieldNow;
        }
        for (const fiber of fibers) yield* Fiber.join(fiber);
      }),
    ),
  asleep(n, ready) {
    void run(
      Effect.gen(function* () {
        const fibers = [];
        for (let i = 0; i < n; i++) {
          fibers.push(
            yield* Effect.forkChild(
              Effect.gen(function* () {
                yield* Effect.never;
              }),
            ),
          );
          if (i % 1000 === 999) {
            yield* Effect.yieldNow;
            globalThis.kept = fibers; // nothing else refers to fibers that wait for ever
            ready(i + 1);
          }
        }
        yield* Effect.never;
      }),
    );
  },
});
