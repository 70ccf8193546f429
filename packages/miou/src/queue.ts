import { Ring } from "./ring.ts";

/** A first-in first-out queue. O(1) at both ends. */
export class Queue<T> {
  private ring = new Ring<{ readonly value: T }>();

  get length(): number {
    return this.ring.length;
  }

  get isEmpty(): boolean {
    return this.ring.length === 0;
  }

  push(value: T): void {
    this.ring.push({ value });
  }

  /** Takes out the oldest value; `undefined` when there is none. */
  shift(): T | undefined {
    return this.ring.shift()?.value;
  }

  peek(): T | undefined {
    return this.ring.at(0)?.value;
  }

  /** Takes out every value, oldest first, those that `fn` adds included. */
  drain(fn: (value: T) => void): void {
    for (let item = this.ring.shift(); item !== undefined; item = this.ring.shift()) fn(item.value);
  }

  /** Moves everything into a new queue, in one step. */
  transfer(): Queue<T> {
    const other = new Queue<T>();
    [other.ring, this.ring] = [this.ring, other.ring];
    return other;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let i = 0; i < this.ring.length; i++) yield (this.ring.at(i) as { readonly value: T }).value;
  }

  toArray(): T[] {
    return [...this];
  }
}
