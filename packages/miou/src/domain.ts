import { NoDomainAvailableError } from "./errors.ts";
import { running } from "./op.ts";
import type { Operation, Result, Task } from "./types.ts";

/** A thread with a scheduler of its own; 0 is the one that called `run`. */
export type DomainId = number;

/** A function that another domain can import by module and name; arguments and results are copied. */
export interface Portable<A, T> {
  readonly url: string;
  readonly export: string;
  readonly fn: (argument: A) => Operation<T>;
}

/** Names `fn`, the export `name` of the module `url` (its `import.meta.url`), so that another domain can run it. */
export function portable<A, T>(url: string, name: string, fn: (argument: A) => Operation<T>): Portable<A, T> {
  return { url, export: name, fn };
}

/** The domains of the run. In the core, as in a unikernel, there is only the main one. */
export const Domain: {
  /** The domain of the running task. @throws {OutsideTaskError} there is no running task */
  self(): DomainId;
  /** How many there are for `call` and `parallel`. */
  available(): number;
  all(): readonly DomainId[];
} = {
  self() {
    running("Domain.self");
    return 0;
  },
  available: () => 0,
  all: () => [],
};

/**
 * Runs `fn(argument)` as a child task in another domain.
 *
 * @throws {NoDomainAvailableError} there is none
 */
export function call<A, T>(fn: Portable<A, T>, argument: A): Task<T> {
  void fn;
  void argument;
  running("call");
  throw new NoDomainAvailableError("call");
}

/**
 * Runs `fn` on each of `args` in the other domains, and answers all outcomes in their order.
 *
 * @throws {NoDomainAvailableError} there is none
 */
export function* parallel<A, T>(fn: Portable<A, T>, args: readonly A[]): Operation<Result<T>[]> {
  void fn;
  void args;
  running("parallel");
  throw new NoDomainAvailableError("parallel");
}
