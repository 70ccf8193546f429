/** A value in a {@link PriorityQueue}. */
export class PriorityHandle<T> {
  readonly value: T;
  /** @internal */ readonly order: number;
  /** @internal */ index = -1;
  private readonly queue: PriorityQueue<T>;

  constructor(value: T, order: number, queue: PriorityQueue<T>) {
    this.value = value;
    this.order = order;
    this.queue = queue;
  }

  /** Takes the value out, wherever it is. O(log n); harmless when it is gone already. */
  remove(): void {
    this.queue.take(this);
  }
}

/** A binary heap, stable for equal keys, with removal by handle. */
export class PriorityQueue<T> {
  private readonly heap: PriorityHandle<T>[] = [];
  private readonly compare: (a: T, b: T) => number;
  private inserted = 0;

  /** @param compare - negative when `a` comes before `b` */
  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare;
  }

  get size(): number {
    return this.heap.length;
  }

  get isEmpty(): boolean {
    return this.heap.length === 0;
  }

  insert(value: T): PriorityHandle<T> {
    const handle = new PriorityHandle(value, this.inserted++, this);
    this.heap.push(handle);
    this.up(handle, this.heap.length - 1);
    return handle;
  }

  /** The first value; `undefined` when there is none. */
  peek(): T | undefined {
    return this.heap[0]?.value;
  }

  /** Takes out the first value; `undefined` when there is none. */
  pop(): T | undefined {
    const first = this.heap[0];
    first?.remove();
    return first?.value;
  }

  /** In no particular order. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const handle of this.heap) yield handle.value;
  }

  /** @internal */
  take(handle: PriorityHandle<T>): void {
    const at = handle.index;
    if (at < 0) return;
    handle.index = -1;
    const last = this.heap.pop();
    if (last === undefined || last === handle) return;
    this.up(last, at);
    this.down(last, last.index);
  }

  private before(a: PriorityHandle<T>, b: PriorityHandle<T>): boolean {
    const order = this.compare(a.value, b.value);
    return order < 0 || (order === 0 && a.order < b.order);
  }

  private up(handle: PriorityHandle<T>, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = this.heap[(at - 1) >> 1] as PriorityHandle<T>;
      if (!this.before(handle, parent)) break;
      this.place(parent, at);
      at = (at - 1) >> 1;
    }
    this.place(handle, at);
  }

  private down(handle: PriorityHandle<T>, from: number): void {
    let at = from;
    for (;;) {
      let child = this.heap[2 * at + 1];
      const right = this.heap[2 * at + 2];
      if (child === undefined) break;
      if (right !== undefined && this.before(right, child)) child = right;
      if (!this.before(child, handle)) break;
      const { index } = child;
      this.place(child, at);
      at = index;
    }
    this.place(handle, at);
  }

  private place(handle: PriorityHandle<T>, at: number): void {
    this.heap[at] = handle;
    handle.index = at;
  }
}
