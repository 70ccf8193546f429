/** What happens when: a binary heap, in which what was added first happens first at the same moment. */
export class Timetable<T> {
  readonly #heap: { readonly at: bigint; readonly order: number; readonly what: T }[] = [];
  #added = 0;

  /** When the first is due. */
  get earliest(): bigint | undefined {
    return this.#heap[0]?.at;
  }

  add(at: bigint, what: T): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#added++, what });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#swap(parent, child)) return;
      child = parent;
    }
  }

  /** The first of those that are due by `now`. */
  take(now: bigint): T | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.at > now) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) {
      heap[0] = last;
      for (let parent = 0, left = 1; left < heap.length; left = 2 * parent + 1) {
        const child = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left;
        if (!this.#swap(parent, child)) break;
        parent = child;
      }
    }
    return first.what;
  }

  #before(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  /** Puts the earlier one of the two at `parent`; whether they changed places. */
  #swap(parent: number, child: number): boolean {
    const heap = this.#heap;
    const [a, b] = [heap[parent], heap[child]];
    if (a === undefined || b === undefined || !this.#before(child, parent)) return false;
    heap[parent] = b;
    heap[child] = a;
    return true;
  }
}
