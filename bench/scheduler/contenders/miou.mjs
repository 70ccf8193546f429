import { Channel, Mutex, sleep, spawn, yieldNow } from "@uk/miou";

function* nothing() {}

function* yields(n) {
  for (let i = 0; i < n; i++) yield* yieldNow();
}

function* asleep(finished) {
  try {
    yield* sleep(Number.POSITIVE_INFINITY);
  } finally {
    finished();
  }
}

function* forever() {
  yield* sleep(Number.POSITIVE_INFINITY);
}

function* fib(n) {
  if (n < 2) return n;
  const a = spawn(() => fib(n - 1));
  const b = spawn(() => fib(n - 2));
  return (yield* a) + (yield* b);
}

function* together(count, body) {
  const tasks = [];
  for (let i = 0; i < count; i++) tasks.push(spawn(() => body(i)));
  for (const task of tasks) yield* task;
}

/** `run(main)` runs a tree: the one of the host, or the one of a guest. */
export default (run) => ({
  spawn: (n) =>
    run(function* () {
      for (let i = 0; i < n; i++) yield* spawn(nothing);
    }),
  children: (n) => run(() => together(n, nothing)),
  switch: (n) => run(() => together(10, () => yields(n / 10))),
  cancel: (n) =>
    run(function* () {
      let finished = 0;
      const finish = () => finished++;
      const tasks = [];
      for (let i = 0; i < n; i++) tasks.push(spawn(() => asleep(finish)));
      yield* yieldNow();
      for (const task of tasks) yield* task.cancel();
      if (finished !== n) throw new Error(`${finished} of ${n} finished`);
    }),
  fib: (n) => run(() => fib(n)),
  mutex: (n) =>
    run(function* () {
      const mutex = new Mutex();
      function* worker() {
        for (let i = 0; i < n / 10; i++) {
          yield* mutex.lock();
          try {
            yield* yieldNow();
          } finally {
            mutex.unlock();
          }
        }
      }
      yield* together(10, worker);
    }),
  channel: (n) =>
    run(function* () {
      const channel = new Channel(64);
      const receiver = spawn(function* () {
        for (let i = 0; i < n / 2; i++) yield* channel.receive();
      });
      for (let i = 0; i < n / 2; i++) yield* channel.send(i);
      yield* receiver;
    }),
  sleepers: (delays, woken) =>
    run(() =>
      together(delays.length, function* (i) {
        const due = performance.now() + delays[i];
        yield* sleep(delays[i]);
        woken(performance.now() - due);
      }),
    ),
  load: (n) =>
    run(function* () {
      const tasks = [];
      for (let i = 0; i < n; i++) {
        tasks.push(spawn(() => yields(3)));
        // Nothing interrupts a task: one that spawns for long has to let others run.
        if (i % 1000 === 999) yield* yieldNow();
      }
      for (const task of tasks) yield* task;
    }),
  asleep(n, ready) {
    void run(function* () {
      for (let i = 0; i < n; i++) {
        spawn(forever);
        if (i % 1000 === 999) {
          yield* yieldNow();
          ready(i + 1);
        }
      }
    }).catch(() => {});
  },
});
