import { createQueue, run, sleep, spawn, suspend, until } from "effection";

function* nothing() {}

// It has no operation that lets others run; waiting for a settled promise is the cheapest that does.
function* yields(n) {
  for (let i = 0; i < n; i++) yield* until(Promise.resolve());
}

function* asleep(finished) {
  try {
    yield* suspend();
  } finally {
    finished();
  }
}

function* fib(n) {
  if (n < 2) return n;
  const a = yield* spawn(() => fib(n - 1));
  const b = yield* spawn(() => fib(n - 2));
  return (yield* a) + (yield* b);
}

function* together(count, body) {
  const tasks = [];
  for (let i = 0; i < count; i++) tasks.push(yield* spawn(() => body(i)));
  for (const task of tasks) yield* task;
}

export default () => ({
  /** Smaller samples than the others, to finish in reasonable time. */
  sizes: { children: 3000, cancel: 200, fib: 10 },
  spawn: (n) =>
    run(function* () {
      for (let i = 0; i < n; i++) yield* yield* spawn(nothing);
    }),
  children: (n) => run(() => together(n, nothing)),
  switch: (n) => run(() => together(10, () => yields(n / 10))),
  cancel: (n) =>
    run(function* () {
      let finished = 0;
      const finish = () => finished++;
      const tasks = [];
      for (let i = 0; i < n; i++) tasks.push(yield* spawn(() => asleep(finish)));
      yield* sleep(0);
      for (const task of tasks) yield* task.halt();
      if (finished !== n) throw new Error(`${finished} of ${n} finished`);
    }),
  fib: (n) => run(() => fib(n)),
  channel: (n) =>
    run(function* () {
      const queue = createQueue();
      const receiver = yield* spawn(function* () {
        for (let i = 0; i < n / 2; i++) yield* queue.next();
      });
      for (let i = 0; i < n / 2; i++) {
        queue.add(i);
        if (i % 64 === 63) yield* until(Promise.resolve());
      }
      yield* receiver;
    }),
  asleep(n, ready) {
    void run(function* () {
      for (let i = 0; i < n; i++) {
        yield* spawn(() => suspend());
        if (i % 1000 === 999) {
          yield* sleep(0);
          ready(i + 1);
        }
      }
      yield* suspend();
    });
  },
});
