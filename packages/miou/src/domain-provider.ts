import type { Scheduler } from "./scheduler.ts";
import type { Operation } from "./types.ts";

/** A thread with a scheduler of its own; 0 is the one that called `run`. */
export type DomainId = number;

/** A function that another domain can import by module and name; arguments and results are copied. */
export interface Portable<A, T> {
  readonly url: string;
  readonly export: string;
  readonly fn: (argument: A) => Operation<T>;
}

/** What provides other domains, where there are threads. */
export interface Domains {
  /** The domain of this thread. */
  readonly self: DomainId;
  /** The parallel domains of a run, in order; the running thread's may be among them. */
  all(scheduler: Scheduler): readonly DomainId[];
  /** Runs `fn(argument)` in `domain`, on behalf of the running task; cancelled with it. */
  remote<A, T>(domain: DomainId, fn: Portable<A, T>, argument: A, transfer: readonly object[]): Operation<T>;
}

/** The core has one domain; an entry point of the package may provide others. */
export const provided: { domains: Domains | undefined } = { domains: undefined };

/** How many parallel domains a run may have, where its options say so. */
export const limits: WeakMap<Scheduler, number> = new WeakMap();
