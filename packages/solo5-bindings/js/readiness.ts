import { BindingsError, closedError, ioError } from "./errors.ts";
import { Code, type Native, native } from "./native.ts";

/** The waits of this thread of JavaScript for devices to become readable. Node stays alive while there are any. */
class Readiness {
  readonly #native: Native = native();
  readonly #poller: number;
  /** What to call when a wait is over, by token. A token that is not here is of a wait that was given up. */
  readonly #waits = new Map<number, () => void>();
  #last = 0;
  #alive = false;

  constructor() {
    try {
      this.#poller = this.#native.startPoller((tokens) => this.#over(tokens));
    } catch (cause) {
      throw new BindingsError("wait", "IO", (cause as Error).message, { cause });
    }
  }

  /**
   * Calls `wake` once, from the loop, when `device` may be readable or is broken. A device is waited for once at a
   * time: a second wait replaces the first.
   *
   * @returns a token for {@link cancel}
   * @throws {BindingsError} `CLOSED`; `IO`: the host refused
   */
  wait(device: number, name: string, wake: () => void): number {
    do this.#last = (this.#last + 1) >>> 0;
    while (this.#waits.has(this.#last));
    const code = this.#native.arm(this.#poller, device, this.#last);
    if (code === Code.notOpen) throw closedError("wait", name);
    if (code < 0) throw ioError("wait", name, -code);
    this.#waits.set(this.#last, wake);
    this.#keepAlive();
    return this.#last;
  }

  /** Gives a wait up. The thread may still say that it is over: nobody listens. */
  cancel(token: number): void {
    this.#waits.delete(token);
    this.#keepAlive();
  }

  #over(tokens: readonly number[]): void {
    for (const token of tokens) {
      const wake = this.#waits.get(token);
      this.#waits.delete(token);
      wake?.();
    }
    this.#keepAlive();
  }

  #keepAlive(): void {
    const alive = this.#waits.size > 0;
    if (alive === this.#alive) return;
    this.#alive = alive;
    this.#native.keepAlive(this.#poller, alive);
  }
}

let instance: Readiness | undefined;

/**
 * Those of this thread; the thread that waits starts with the first of them.
 *
 * @throws {BindingsError} `IO`: the host has no thread or no descriptors for it
 */
export function readiness(): Readiness {
  instance ??= new Readiness();
  return instance;
}
