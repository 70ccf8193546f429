// The limit: a queue of generators and nothing else. No errors, no parents, no rules, no cancellation of trees.

const YIELD = Symbol("yield");
const WAIT = Symbol("wait");

class Task {
  value = undefined;
  done = false;
  waiter = undefined;
  constructor(body) {
    this.body = body;
  }
}

class Queue {
  head = 0;
  tail = 0;
  constructor(size) {
    this.items = new Array(size).fill(undefined);
    this.mask = size - 1;
  }
  push(item) {
    this.items[this.tail++ & this.mask] = item;
  }
  shift() {
    const at = this.head++ & this.mask;
    const item = this.items[at];
    this.items[at] = undefined;
    return item;
  }
}

const ready = new Queue(1 << 18);
let current;

function spawn(body) {
  const task = new Task(body);
  ready.push(task);
  return task;
}

function run(body) {
  spawn(body);
  while (ready.head !== ready.tail) {
    const task = ready.shift();
    current = task;
    const { done, value } = task.body.next(task.value);
    if (done) {
      task.done = true;
      task.value = value;
      if (task.waiter !== undefined) wake(task.waiter, value);
    } else if (value === YIELD) ready.push(task);
    else if (value !== WAIT) {
      if (value.done) wake(task, value.value);
      else value.waiter = task;
    }
  }
}

function wake(task, value) {
  task.value = value;
  ready.push(task);
}

function* nothing() {}

function* yields(n) {
  for (let i = 0; i < n; i++) yield YIELD;
}

function* asleep(finished) {
  try {
    yield WAIT;
  } finally {
    finished();
  }
}

function* fib(n) {
  if (n < 2) return n;
  const a = spawn(fib(n - 1));
  const b = spawn(fib(n - 2));
  return (yield a) + (yield b);
}

function* together(count, body) {
  const tasks = [];
  for (let i = 0; i < count; i++) tasks.push(spawn(body(i)));
  for (const task of tasks) yield task;
}

export default () => ({
  spawn: (n) =>
    run(
      (function* () {
        for (let i = 0; i < n; i++) yield spawn(nothing());
      })(),
    ),
  children: (n) => run(together(n, nothing)),
  switch: (n) => run(together(10, () => yields(n / 10))),
  cancel: (n) =>
    run(
      (function* () {
        let finished = 0;
        const finish = () => finished++;
        const tasks = [];
        for (let i = 0; i < n; i++) tasks.push(spawn(asleep(finish)));
        yield YIELD;
        for (const task of tasks) task.body.return();
      })(),
    ),
  fib: (n) => run(fib(n)),
  mutex: (n) => {
    let locked = false;
    const waiters = new Queue(16);
    function* worker() {
      for (let i = 0; i < n / 10; i++) {
        if (locked) {
          waiters.push(current);
          yield WAIT;
        }
        locked = true;
        yield YIELD;
        if (waiters.head !== waiters.tail) wake(waiters.shift(), undefined);
        else locked = false;
      }
    }
    run(together(10, worker));
  },
  channel: (n) => {
    const buffer = new Queue(64);
    let sender;
    let receiver;
    function* receive() {
      for (let i = 0; i < n / 2; i++) {
        while (buffer.head === buffer.tail) {
          receiver = current;
          yield WAIT;
        }
        buffer.shift();
        if (sender !== undefined) {
          wake(sender, undefined);
          sender = undefined;
        }
      }
    }
    function* send() {
      for (let i = 0; i < n / 2; i++) {
        while (buffer.tail - buffer.head >= 64) {
          sender = current;
          yield WAIT;
        }
        buffer.push(i);
        if (receiver !== undefined) {
          wake(receiver, undefined);
          receiver = undefined;
        }
      }
    }
    run(together(2, (i) => (i === 0 ? receive() : send())));
  },
  asleep(n, done) {
    const kept = [];
    for (let i = 0; i < n; i++) {
      const task = new Task(asleep(done));
      task.body.next();
      kept.push(task);
      if (i % 1000 === 999) done(i + 1);
    }
    globalThis.kept = kept;
  },
});
