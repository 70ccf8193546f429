import { Readable } from "node:stream";
import type { Tail } from "./tail.ts";

/**
 * A stream of a child, for the user to read and for us to remember the end of. A reader that is slow slows
 * the child down, one that goes away loses what is left, and one that never reads delays nobody's end.
 */
export class Output extends Readable {
  readonly #source: Readable;
  /** Nothing waits for the reader any more. */
  #flowing = false;

  constructor(source: Readable, tail: Tail) {
    super();
    this.#source = source;
    source.on("data", (chunk: Buffer) => {
      tail.push(chunk);
      if (!this.push(chunk) && !this.#flowing) source.pause();
    });
    // After the last piece, and when the stream breaks. That the child's end was closed is no news.
    source.on("error", () => undefined);
    source.on("close", () => this.push(null));
  }

  /** The child has ended: takes what is left, which is what the kernel keeps for it. */
  flow(): void {
    this.#flowing = true;
    this.#source.resume();
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.flow();
    callback(error);
  }
}

/** Remembers the end of a child's stream, and copies it to our own standard error if that is wanted. */
export function watch(source: Readable, tail: Tail, copy: boolean): void {
  source.on("error", () => undefined);
  source.on("data", (chunk: Buffer) => {
    tail.push(chunk);
    if (copy) process.stderr.write(chunk, unheard);
  });
}

/** A line that nobody can read is no reason for this process to die, as for `console.error`. */
function unheard(error: Error | null | undefined): void {
  if (error && process.stderr.listenerCount("error") === 0) process.stderr.once("error", () => undefined);
}
