/** A double-ended queue in a circular buffer: O(1) at both ends, no allocation a step. */
export class Ring<T> {
  length = 0;
  private items: (T | undefined)[] = new Array<T | undefined>(16).fill(undefined);
  private head = 0;
  private mask = 15;

  // Each property is read once: an interpreter pays for every read.

  push(item: T): void {
    const { length } = this;
    if (length > this.mask) this.grow();
    this.items[(this.head + length) & this.mask] = item;
    this.length = length + 1;
  }

  unshift(item: T): void {
    if (this.length > this.mask) this.grow();
    this.head = (this.head - 1) & this.mask;
    this.items[this.head] = item;
    this.length++;
  }

  shift(): T | undefined {
    const { length, items, head } = this;
    if (length === 0) return undefined;
    const item = items[head];
    items[head] = undefined;
    this.head = (head + 1) & this.mask;
    this.length = length - 1;
    return item;
  }

  /** The item at `index`, counted from the first. */
  at(index: number): T | undefined {
    return index < this.length ? this.items[(this.head + index) & this.mask] : undefined;
  }

  /** Swaps the first item with the one at `index`, so that the next `shift` takes that one. */
  bringForward(index: number): void {
    const at = (this.head + index) & this.mask;
    const item = this.items[at];
    this.items[at] = this.items[this.head];
    this.items[this.head] = item;
  }

  private grow(): void {
    const size = this.mask + 1;
    const items = new Array<T | undefined>(size * 2).fill(undefined);
    for (let i = 0; i < size; i++) items[i] = this.items[(this.head + i) & this.mask];
    this.items = items;
    this.head = 0;
    this.mask = size * 2 - 1;
  }
}
