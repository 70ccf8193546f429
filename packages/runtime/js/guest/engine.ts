/**
 * What the formatter asks an engine, answered for ours. scripts/build.mjs puts these names where the
 * formatter's own code assumes V8, or a source text that images do not carry.
 */

/** State of a promise, as the base image's native code tells it. */
export interface PromiseReader {
  /** 0 pending, 1 fulfilled, 2 rejected. */
  state(promise: unknown): number;
  /** Value or reason. */
  result(promise: unknown): unknown;
}

let reader: PromiseReader | undefined;

export function readPromisesWith(given: PromiseReader): void {
  reader = given;
}

/** State and value of a promise, the state as one of the formatter's symbols, `undefined` for fulfilled. */
export function ukPromiseDetails(promise: unknown, pending: symbol, rejected: symbol): [unknown, unknown?] {
  const state = reader?.state(promise) ?? 0;
  return state === 0 ? [pending] : [state === 2 ? rejected : undefined, reader?.result(promise)];
}

/** Constructors that are not classes of the program, though they look like classes. */
const builtIns = new Set<unknown>(
  Object.getOwnPropertyNames(globalThis).map(
    (name) => Object.getOwnPropertyDescriptor(globalThis, name)?.value,
  ),
);

/** As much source as tells a class from a function: images carry none. */
export function ukFunctionSource(value: object): string {
  const prototype = Object.getOwnPropertyDescriptor(value, "prototype");
  return prototype?.writable === false && !builtIns.has(value) ? "class{}" : "";
}

/** `Function`, `AsyncFunction`, `GeneratorFunction`, `AsyncGeneratorFunction`, or something else. */
export function ukKind(value: unknown): string {
  return typeof value === "function"
    ? Object.prototype.toString.call(value).slice("[object ".length, -1)
    : "";
}
