import * as errors from "../../errors.ts";
import { CancelledError, MiouError } from "../../errors.ts";
import { running } from "../../op.ts";
import { TaskCell } from "../../task.ts";
import { EndOfStreamError, WorkerTerminatedError } from "../errors.ts";

/** What was thrown, as it crosses to another thread. */
export type WireError =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "cancelled"; readonly reason: WireError }
  | {
      readonly kind: "error";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: WireError | undefined;
      /** Of an `AggregateError`. */
      readonly errors: readonly WireError[] | undefined;
      /** Its own fields: those that cannot be copied as text. */
      readonly fields: Readonly<Record<string, unknown>>;
    };

/** Causes nested deeper are left out. */
const DEPTH = 16;

const standard: readonly ErrorConstructor[] = [
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

/** The prototypes that are found again on the other side; all other errors arrive as `Error`s with their names. */
const prototypes = new Map<string, object>(
  [...standard, ...Object.values(errors), EndOfStreamError, WorkerTerminatedError]
    .filter((each) => each !== MiouError)
    .map((each) => [each.name, each.prototype as object]),
);

/** A copy of `value` that can cross, or its text. */
function copyable(value: unknown): unknown {
  // A task would take its whole tree along.
  if (value instanceof TaskCell) return text(value);
  try {
    structuredClone(value);
    return value;
  } catch {
    return text(value);
  }
}

function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value without a text";
  }
}

/** What was thrown, in a form that can always be copied. */
export function encodeError(error: unknown, depth: number = DEPTH): WireError {
  if (error instanceof CancelledError)
    return { kind: "cancelled", reason: depth > 0 ? encodeError(error.reason, depth - 1) : none };
  if (!(error instanceof Error)) return { kind: "value", value: copyable(error) };
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (!["name", "message", "stack", "cause", "errors"].includes(key)) fields[key] = copyable(value);
  }
  return {
    kind: "error",
    name: text(error.name),
    message: text(error.message),
    stack: typeof error.stack === "string" ? error.stack : undefined,
    cause: "cause" in error && depth > 0 ? encodeError(error.cause, depth - 1) : undefined,
    errors:
      error instanceof AggregateError && depth > 0
        ? error.errors.map((each) => encodeError(each, depth - 1))
        : undefined,
    fields,
  };
}

const none: WireError = { kind: "value", value: undefined };

/** The error again; a cancellation becomes one of `task`. */
export function decodeError(wire: WireError, task: TaskCell = running("call")): unknown {
  if (wire.kind === "value") return wire.value;
  if (wire.kind === "cancelled") return new CancelledError(task, decodeError(wire.reason, task));
  const error =
    wire.errors === undefined
      ? new Error(wire.message)
      : new AggregateError(wire.errors.map((each) => decodeError(each, task)));
  const prototype = prototypes.get(wire.name);
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  const hidden = { configurable: true, writable: true, enumerable: false };
  Object.defineProperty(error, "message", { ...hidden, value: wire.message });
  Object.defineProperty(error, "name", { ...hidden, value: wire.name });
  Object.defineProperty(error, "stack", { ...hidden, value: wire.stack });
  if (wire.cause !== undefined)
    Object.defineProperty(error, "cause", { ...hidden, value: decodeError(wire.cause, task) });
  return Object.assign(error, wire.fields);
}
