/** A place in a {@link Sequence}. */
export class SequenceNode<T> {
  readonly value: T;
  /** @internal */ sequence: Sequence<T> | undefined;
  /** @internal */ previous: SequenceNode<T> | undefined = undefined;
  /** @internal */ next: SequenceNode<T> | undefined = undefined;

  constructor(value: T, sequence: Sequence<T>) {
    this.value = value;
    this.sequence = sequence;
  }

  /** Removes the value from its sequence. O(1); harmless when it is gone already. */
  remove(): void {
    this.sequence?.unlink(this);
  }
}

/** A doubly linked list: O(1) at both ends and for removal by node; nodes may be removed while it is iterated. */
export class Sequence<T> {
  private head: SequenceNode<T> | undefined = undefined;
  private tail: SequenceNode<T> | undefined = undefined;
  private count = 0;

  get length(): number {
    return this.count;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get first(): T | undefined {
    return this.head?.value;
  }

  get last(): T | undefined {
    return this.tail?.value;
  }

  addFirst(value: T): SequenceNode<T> {
    const node = new SequenceNode(value, this);
    node.next = this.head;
    if (this.head === undefined) this.tail = node;
    else this.head.previous = node;
    this.head = node;
    this.count++;
    return node;
  }

  addLast(value: T): SequenceNode<T> {
    const node = new SequenceNode(value, this);
    node.previous = this.tail;
    if (this.tail === undefined) this.head = node;
    else this.tail.next = node;
    this.tail = node;
    this.count++;
    return node;
  }

  takeFirst(): T | undefined {
    const node = this.head;
    node?.remove();
    return node?.value;
  }

  takeLast(): T | undefined {
    const node = this.tail;
    node?.remove();
    return node?.value;
  }

  clear(): void {
    while (this.head !== undefined) this.head.remove();
  }

  some(predicate: (value: T) => boolean): boolean {
    for (const value of this) if (predicate(value)) return true;
    return false;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const node of this.nodes()) yield node.value;
  }

  *nodes(): Generator<SequenceNode<T>, void, undefined> {
    let node = this.head;
    while (node !== undefined) {
      const at: SequenceNode<T> = node;
      yield at;
      // A removed node keeps its successor, which may have been removed as well.
      node = at.next;
      while (node !== undefined && node.sequence === undefined) node = node.next;
    }
  }

  toArray(): T[] {
    return [...this];
  }

  /** @internal */
  unlink(node: SequenceNode<T>): void {
    if (node.previous === undefined) this.head = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.tail = node.previous;
    else node.next.previous = node.previous;
    node.sequence = undefined;
    this.count--;
  }
}
