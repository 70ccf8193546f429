/** The last bytes of a stream, in memory that does not grow. */
export class Tail {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);

  /** @param limit - most bytes to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    // A copy: a part of a large chunk would keep all of it alive.
    const all = Buffer.concat([this.#bytes, chunk.subarray(-this.#limit)]);
    this.#bytes = all.length > this.#limit ? Buffer.from(all.subarray(-this.#limit)) : all;
  }

  /** What was kept; a character that was cut in two is a replacement character. */
  get text(): string {
    return this.#bytes.toString("utf8");
  }
}
