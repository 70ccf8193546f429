/** The longest chunk. A queue that grew by copying would hold up everything else for as long as that takes. */
const LONGEST = 1024;

/** A double-ended queue in chunks: O(1) at both ends, no allocation a step, and nothing is ever copied. */
export class Ring<T> {
  length = 0;
  /** Of the first chunk the items from `head` on, of the last those before `tail`, and all of those between. */
  private readonly chunks: (T | undefined)[][];
  private front: (T | undefined)[];
  private back: (T | undefined)[];
  private head = 0;
  private tail = 0;
  /** The chunk that was emptied last. */
  private spare: (T | undefined)[] | undefined = undefined;

  constructor() {
    this.front = new Array<T | undefined>(16).fill(undefined);
    this.back = this.front;
    this.chunks = [this.front];
  }

  // Each property is read once: an interpreter pays for every read.

  push(item: T): void {
    let at = this.tail;
    if (at === this.back.length) {
      this.back = this.chunk();
      this.chunks.push(this.back);
      at = 0;
    }
    this.back[at] = item;
    this.tail = at + 1;
    this.length++;
  }

  unshift(item: T): void {
    if (this.head === 0) {
      this.front = this.chunk();
      this.chunks.unshift(this.front);
      this.head = this.front.length;
    }
    this.front[--this.head] = item;
    this.length++;
  }

  shift(): T | undefined {
    const { length, front, head } = this;
    if (length === 0) return undefined;
    const item = front[head];
    front[head] = undefined;
    this.length = length - 1;
    this.head = head + 1;
    if (head + 1 === front.length) this.advance();
    return item;
  }

  /** The item at `index`, counted from the first. */
  at(index: number): T | undefined {
    if (index >= this.length) return undefined;
    const [chunk, at] = this.place(index);
    return chunk[at];
  }

  /** Swaps the first item with the one at `index`, so that the next `shift` takes that one. */
  bringForward(index: number): void {
    const [chunk, at] = this.place(index);
    const item = chunk[at];
    chunk[at] = this.front[this.head];
    this.front[this.head] = item;
  }

  private place(index: number): readonly [(T | undefined)[], number] {
    let at = this.head + index;
    for (const chunk of this.chunks) {
      if (at < chunk.length) return [chunk, at];
      at -= chunk.length;
    }
    throw new RangeError(`Ring: ${index} is not below the length ${this.length}`);
  }

  private chunk(): (T | undefined)[] {
    const { spare } = this;
    this.spare = undefined;
    if (spare !== undefined) return spare;
    const size = Math.min(Math.max(this.length, 16), LONGEST);
    return new Array<T | undefined>(size).fill(undefined);
  }

  /** The first chunk is empty. */
  private advance(): void {
    this.head = 0;
    if (this.chunks.length === 1) {
      this.tail = 0;
      return;
    }
    // The bigger of the two serves longer.
    if (this.spare === undefined || this.spare.length < this.front.length) this.spare = this.front;
    this.chunks.shift();
    this.front = this.chunks[0] as (T | undefined)[];
  }
}
