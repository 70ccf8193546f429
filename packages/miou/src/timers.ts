/** An entry of {@link Timers}. */
export interface Timer {
  /** Milliseconds on the run's clock. */
  deadline: number;
  /** Creation order, which decides between equal deadlines. */
  order: number;
  /** The entry's place in the heap, or -1. */
  index: number;
  /** Called once, when the deadline has passed. */
  fire(): void;
}

function before(a: Timer, b: Timer): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
}

/** A binary heap with positions: O(log n) to add and to remove, and no tombstones. */
export class Timers {
  private readonly heap: Timer[] = [];
  private created = 0;

  get size(): number {
    return this.heap.length;
  }

  get earliest(): number | undefined {
    return this.heap[0]?.deadline;
  }

  /** Adds `timer`, which is there once, however often it is added: its last deadline counts. */
  add(timer: Timer): void {
    this.remove(timer);
    timer.order = this.created++;
    this.heap.push(timer);
    this.up(timer, this.heap.length - 1);
  }

  remove(timer: Timer): void {
    const at = timer.index;
    if (at < 0) return;
    timer.index = -1;
    const last = this.heap.pop();
    if (last === undefined || last === timer) return;
    if (at > 0 && before(last, this.heap[(at - 1) >> 1] as Timer)) this.up(last, at);
    else this.down(last, at);
  }

  /** Takes out every entry due at `now`, earliest first. */
  takeDue(now: number): Timer[] {
    const due: Timer[] = [];
    for (let first = this.heap[0]; first !== undefined && first.deadline <= now; first = this.heap[0]) {
      this.remove(first);
      due.push(first);
    }
    return due;
  }

  private up(timer: Timer, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = this.heap[(at - 1) >> 1] as Timer;
      if (!before(timer, parent)) break;
      this.heap[at] = parent;
      parent.index = at;
      at = (at - 1) >> 1;
    }
    this.heap[at] = timer;
    timer.index = at;
  }

  private down(timer: Timer, from: number): void {
    const size = this.heap.length;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(this.heap[child + 1] as Timer, this.heap[child] as Timer)) child++;
      const lower = this.heap[child] as Timer;
      if (!before(lower, timer)) break;
      this.heap[at] = lower;
      lower.index = at;
      at = child;
    }
    this.heap[at] = timer;
    timer.index = at;
  }
}
