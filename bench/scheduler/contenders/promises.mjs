async function nothing() {}

async function yields(n) {
  for (let i = 0; i < n; i++) await undefined;
}

async function asleep(signal, finished) {
  try {
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  } finally {
    finished();
  }
}

async function fib(n) {
  if (n < 2) return n;
  await undefined;
  const a = fib(n - 1);
  const b = fib(n - 2);
  return (await a) + (await b);
}

async function together(count, body) {
  const tasks = [];
  for (let i = 0; i < count; i++) tasks.push(body(i));
  for (const task of tasks) await task;
}

export default () => ({
  async spawn(n) {
    for (let i = 0; i < n; i++) await nothing();
  },
  children: (n) => together(n, nothing),
  switch: (n) => together(10, () => yields(n / 10)),
  async cancel(n) {
    let finished = 0;
    const finish = () => finished++;
    const tasks = [];
    for (let i = 0; i < n; i++) {
      const controller = new AbortController();
      tasks.push({ controller, promise: asleep(controller.signal, finish) });
    }
    await undefined;
    for (const { controller, promise } of tasks) {
      controller.abort();
      await promise.catch(() => {});
    }
    if (finished !== n) throw new Error(`${finished} of ${n} finished`);
  },
  fib: (n) => fib(n),
  async channel(n) {
    const buffer = [];
    let head = 0;
    let sender;
    let receiver;
    async function receive() {
      if (head === buffer.length) await new Promise((resolve) => (receiver = resolve));
      const value = buffer[head++];
      if (head === 64) {
        buffer.length = 0;
        head = 0;
      }
      sender?.();
      sender = undefined;
      return value;
    }
    async function send(value) {
      if (buffer.length === 64) await new Promise((resolve) => (sender = resolve));
      buffer.push(value);
      receiver?.();
      receiver = undefined;
    }
    await together(2, async (side) => {
      if (side === 0) for (let i = 0; i < n / 2; i++) await receive();
      else for (let i = 0; i < n / 2; i++) await send(i);
    });
  },
  sleepers: (delays, woken) =>
    together(delays.length, async (i) => {
      const due = performance.now() + delays[i];
      await new Promise((resolve) => setTimeout(resolve, delays[i]));
      woken(performance.now() - due);
    }),
  async load(n) {
    const tasks = [];
    for (let i = 0; i < n; i++) {
      tasks.push(yields(3));
      if (i % 1000 === 999) await undefined;
    }
    for (const task of tasks) await task;
  },
  asleep(n, ready) {
    const kept = [];
    async function forever() {
      await new Promise((resolve) => kept.push(resolve));
    }
    for (let i = 0; i < n; i++) {
      forever();
      if (i % 1000 === 999) ready(i + 1);
    }
    globalThis.kept = kept;
  },
});
