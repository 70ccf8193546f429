import { allSettled } from "./combinators.ts";
import { type DomainId, type Domains, type Portable, provided } from "./domain-provider.ts";
import { NoDomainAvailableError } from "./errors.ts";
import { tracked } from "./note.ts";
import { running, slot } from "./op.ts";
import type { Orphans } from "./orphans.ts";
import { spawn } from "./spawn.ts";
import type { Operation, Result, Task } from "./types.ts";

/** How `call` proceeds. */
export interface CallOptions<T> {
  /** The domain to run in. Default: one of the others, drawn. */
  readonly pin?: DomainId;
  /** For reports and traces. Default: the name of the export. */
  readonly name?: string;
  /** The collector that the task is a member of. */
  readonly orphans?: Orphans<T>;
  /** Parts of the argument that are moved rather than copied: `ArrayBuffer`s, `MessagePort`s. */
  readonly transfer?: readonly object[];
}

/**
 * Names `fn`, the export `name` of the module `url` (its `import.meta.url`), so that another domain can run it. What is
 * exported under that name is `fn` or what this returns.
 *
 * ```ts
 * export const digest = portable(import.meta.url, "digest", function* (text: string) { ... });
 * ```
 *
 * The other domain imports the module: what the module does at its top happens there, too.
 */
export function portable<A, T>(url: string, name: string, fn: (argument: A) => Operation<T>): Portable<A, T> {
  return { url, export: name, fn };
}

/** The domains of the run. In the core, as in a unikernel, there is only the main one. */
export const Domain: {
  /** The domain of the running task. @throws {OutsideTaskError} there is no running task */
  self(): DomainId;
  /** How many there are for `call` and `parallel`; 0 outside a task. */
  available(): number;
  all(): readonly DomainId[];
} = {
  self() {
    running("Domain.self");
    return provided.domains?.self ?? 0;
  },
  available: () => Domain.all().length,
  all: () => (slot.task === undefined ? [] : (provided.domains?.all(slot.task.scheduler) ?? [])),
};

/** The domains that a call from here may go to. */
function others(call: string): readonly DomainId[] {
  running(call);
  const list = Domain.all().filter((domain) => domain !== provided.domains?.self);
  if (list.length === 0) throw new NoDomainAvailableError(call);
  return list;
}

function start<A, T>(domain: DomainId, fn: Portable<A, T>, argument: A, options: CallOptions<T>): Task<T> {
  const { domains } = provided as { domains: Domains };
  const { name = fn.export, orphans, transfer = [] } = options;
  return spawn(
    () => domains.remote(domain, fn, argument, transfer),
    orphans === undefined ? { name } : { name, orphans },
  );
}

/**
 * Runs `fn(argument)` as a child task in another domain: never the caller's, never domain 0. The argument, the value and
 * the error are copied. Cancelling the child stops the task there, cleanup included.
 *
 * @throws {NoDomainAvailableError} there is none
 * @throws {RangeError} `pin` is not another domain of the run
 * @throws {TypeError} (the child) the argument or the value cannot be copied, or the module has no such export
 * @throws {WorkerTerminatedError} (the child) the other domain died
 */
export function call<A, T>(fn: Portable<A, T>, argument: A, options: CallOptions<T> = {}): Task<T> {
  const list = others("call");
  const { pin } = options;
  if (pin !== undefined && !list.includes(pin))
    throw new RangeError(`call: ${pin} is not another domain: there are ${list.join(", ")}`);
  const drawn = list[list.length === 1 ? 0 : running("call").scheduler.random.below(list.length)];
  return start(pin ?? (drawn as DomainId), fn, argument, options);
}

/**
 * Runs `fn` on each of `args` in the other domains, in turn, and answers all outcomes in the order of `args`.
 *
 * @throws {NoDomainAvailableError} there is none
 */
export function parallel<A, T>(fn: Portable<A, T>, args: readonly A[]): Operation<Result<T>[]> {
  return tracked(inParallel(fn, args), parallel);
}

function* inParallel<A, T>(fn: Portable<A, T>, args: readonly A[]): Operation<Result<T>[]> {
  const list = others("parallel");
  const tasks = args.map((argument, i) => start(list[i % list.length] as DomainId, fn, argument, {}));
  return yield* allSettled(tasks);
}
