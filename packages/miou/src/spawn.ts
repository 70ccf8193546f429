import { running } from "./op.ts";
import type { Orphans } from "./orphans.ts";
import type { Resource } from "./resource.ts";
import { tracing } from "./trace.ts";
import type { Operation, Task } from "./types.ts";

/** How a task is created. */
export interface SpawnOptions<T> {
  /** For reports and traces. */
  readonly name?: string;
  /** Resources of the running task that the child holds from now on. */
  readonly give?: readonly Resource<unknown>[];
  /** The collector that the child is a member of. */
  readonly orphans?: Orphans<T>;
}

/**
 * Creates a concurrent child of the running task. Its body starts later, when the scheduler picks it. The running task
 * must await or cancel it before it returns.
 *
 * Prefer `spawn(() => named(argument))` to a `function*` literal: engines take much longer to create the latter.
 *
 * @throws {OutsideTaskError} there is no running task
 * @throws {TypeError} `fn` is not a function, or `orphans` belongs to another task
 * @throws {NotOwnerError} the running task does not hold one of `give`
 */
export function spawn<T>(fn: () => Operation<T>, options?: SpawnOptions<T>): Task<T> {
  const parent = running("spawn");
  if (typeof fn !== "function")
    throw new TypeError(`spawn: ${typeof fn} is not a function that returns an operation`);
  if (options !== undefined) {
    options.orphans?.claim("spawn");
    if (options.give !== undefined) for (const resource of options.give) resource.check();
  }
  const task = parent.scheduler.spawn(parent, fn);
  const handle = task as Task<unknown> as Task<T>;
  if (options !== undefined || tracing.on) {
    const name = options?.name ?? fn.name;
    if (name !== "") task.more().name = name;
    if (tracing.on) task.more().spawnedAt = new Error("spawned here").stack;
    if (options?.give !== undefined) for (const resource of options.give) resource.moveTo(task);
    options?.orphans?.add(handle);
  }
  return handle;
}

/**
 * A handle on the running task. It cannot be awaited by itself.
 *
 * @throws {OutsideTaskError} there is no running task
 */
export function self(): Task<unknown> {
  return running("self");
}
