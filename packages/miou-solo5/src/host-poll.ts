import type { Resume } from "@uk/miou";
import { later } from "./host.ts";
import type { Solo5 } from "./solo5.ts";
import { type BlockRequest, Waits } from "./waits.ts";

/**
 * The waits of a program that lives in a host's event loop. The target watches the devices for which
 * somebody waits; at most one block is moved between two turns of the program.
 */
export class HostPoll extends Waits {
  readonly #solo5: Solo5;
  /** What the target was asked to watch. */
  #watched = 0n;
  #moving = false;
  readonly #move = (): void => {
    this.#moving = this.moveBlock();
    if (this.#moving) later(this.#move);
  };
  readonly #watch = (): void => {
    const awaited = this.awaited();
    if (awaited === this.#watched) return;
    this.#watched = awaited;
    this.#solo5.watch?.(awaited, this.#ready);
  };
  readonly #ready = (set: bigint): void => {
    this.#watched = 0n;
    this.wake(set);
    // The next reader is asked only when the woken one has had its turn: it may take the last frame.
    if (this.waiting > 0) later(this.#watch);
  };

  constructor(solo5: Solo5) {
    super(solo5.devices);
    this.#solo5 = solo5;
  }

  override await(handle: number, reader: Resume<void>): () => void {
    const cancel = super.await(handle, reader);
    this.#watch();
    return () => {
      cancel();
      this.#watch();
    };
  }

  override enqueue(request: BlockRequest): () => void {
    if (!this.#moving) later(this.#move);
    this.#moving = true;
    return super.enqueue(request);
  }
}
