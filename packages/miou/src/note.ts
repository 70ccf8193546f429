import { slot } from "./op.ts";
import type { TaskCell } from "./task.ts";
import type { Operation } from "./types.ts";

/** Told of each operation that a program makes, by which function, and in which task; answers the operation. */
export type Note = <O extends object>(
  operation: O,
  call: (...words: never[]) => unknown,
  task: TaskCell | undefined,
) => O;

const KEY: unique symbol = Symbol.for("uk.miou.note") as never;
const realm = globalThis as { [KEY]?: Note | undefined };

/** There while somebody looks for operations that are made and never performed, else nothing: it costs one look. */
export let note: Note | undefined = realm[KEY];

/** For this copy of the package, and for those that are loaded later, such as the one in a bundled program. */
export function setNote(to: Note | undefined): void {
  note = to;
  realm[KEY] = to;
}

/**
 * Has `operation`, which `call` has just made, reported where it is never performed, as those of this package are: under
 * `uk dev`, with `MIOU_DEBUG=1`, or by `watchOperations` of `@uk/miou/diagnostics`. Otherwise it does nothing.
 *
 * ```ts
 * export function greet(name: string): Operation<void> {
 *   return tracked(greeting(name), greet); // greeting is a function*
 * }
 * ```
 */
export function tracked<O extends Operation<unknown>>(operation: O, call: (...words: never[]) => unknown): O {
  return note?.(operation, call, slot.task) ?? operation;
}
