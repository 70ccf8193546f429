import { readiness } from "./readiness.ts";

/** Somebody who waits for a device to become readable. */
export interface Waiter {
  /**
   * The device may be readable. `served`: it took what was there, the next may look at once; `woken`: it will look
   * by itself, later; `empty`: nothing was there, it goes on waiting.
   */
  wake(): "served" | "woken" | "empty";
  /** The wait has failed. */
  fail(error: unknown): void;
}

/** Those who wait for one device, in order of arrival. */
export class Waiters {
  readonly #device: number;
  readonly #name: string;
  readonly #queue = new Set<Waiter>();
  #token: number | undefined;

  constructor(device: number, name: string) {
    this.#device = device;
    this.#name = name;
  }

  get isEmpty(): boolean {
    return this.#queue.size === 0;
  }

  /**
   * Lets `waiter` wait; the result takes it back.
   *
   * @throws {BindingsError} `CLOSED`; `IO`: the host refused
   */
  add(waiter: Waiter): () => void {
    if (this.#token === undefined) this.#arm();
    this.#queue.add(waiter);
    return () => {
      if (this.#queue.delete(waiter) && this.isEmpty) this.#disarm();
    };
  }

  /** Ends all waits. */
  fail(error: unknown): void {
    const waiters = [...this.#queue];
    this.#queue.clear();
    this.#disarm();
    for (const waiter of waiters) waiter.fail(error);
  }

  #arm(): void {
    this.#token = readiness().wait(this.#device, this.#name, () => this.#readable());
  }

  #disarm(): void {
    if (this.#token !== undefined) readiness().cancel(this.#token);
    this.#token = undefined;
  }

  #readable(): void {
    this.#token = undefined;
    for (const waiter of this.#queue) {
      const outcome = waiter.wake();
      if (outcome !== "empty") this.#queue.delete(waiter);
      if (outcome !== "served") break;
    }
    if (this.isEmpty) return;
    try {
      this.#arm();
    } catch (error) {
      this.fail(error);
    }
  }
}
