/**
 * What the formatter asks an engine, answered for ours. scripts/build.mjs puts these names where the
 * formatter's own code assumes V8, asks the value itself, or wants a source text that images do not carry.
 */

/** What the base image tells of values without running any code of the program (`guest/src/console.rs`). */
export interface Engine {
  /** Writes text to the guest's console, best effort. */
  write(text: string): void;
  /** The engine's word for what a value is, whatever its prototype says; "" for what is no object. */
  className(value: unknown): string;
  /** Both `null` once the proxy is revoked; nothing for what is no proxy. */
  proxyParts(value: unknown): { readonly target: object | null; readonly handler: object | null } | undefined;
  /** 0 pending, 1 fulfilled, 2 rejected. */
  promiseState(promise: unknown): number;
  /** Value or reason. */
  promiseResult(promise: unknown): unknown;
  /** Own keys of an array or a typed array that are no indices. */
  namedKeys(array: object, enumerableOnly: boolean): PropertyKey[];
  /** The lowest indices of enumerable elements, `limit` at most. */
  firstIndices(array: object, limit: number): string[];
}

let engine: Engine;

export function formatWith(given: Engine): void {
  engine = given;
}

/** State and value of a promise, the state as one of the formatter's symbols, `undefined` for fulfilled. */
export function ukPromiseDetails(promise: unknown, pending: symbol, rejected: symbol): [unknown, unknown?] {
  const state = engine.promiseState(promise);
  return state === 0 ? [pending] : [state === 2 ? rejected : undefined, engine.promiseResult(promise)];
}

/** Target, or target and handler, of a proxy; `undefined` for what is no proxy. */
export function ukProxyDetails(value: unknown, both = true): unknown {
  const parts = engine.proxyParts(value);
  if (parts === undefined) return undefined;
  return both ? [parts.target, parts.handler] : parts.target;
}

/** @param filter - 2 for enumerable keys alone */
export function ukNamedKeys(array: object, filter = 2): PropertyKey[] {
  return engine.namedKeys(array, filter === 2);
}

/** As many indices of an array with holes as the formatter looks at, which shows `limit` entries of it. */
export function ukFirstIndices(array: object, from: number, limit: number): string[] {
  return engine.firstIndices(array, from + limit + 1);
}

/** Which constructor made an object that has no prototype to ask. */
export function ukClassName(value: unknown): string {
  return engine.className(value) || "Object";
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

const is =
  (...names: string[]) =>
  (value: unknown): boolean =>
    names.includes(engine.className(value));

const isError = is("Error", "DOMException");
const isBoxed = is("Number", "String", "Boolean", "BigInt", "Symbol");

/** What `util.types` has, as far as the formatter asks. */
export const ukTypes: Readonly<Record<string, (value: object) => boolean>> = {
  isAnyArrayBuffer: is("ArrayBuffer", "SharedArrayBuffer"),
  isArgumentsObject: is("Arguments"),
  isArrayBuffer: is("ArrayBuffer"),
  isAsyncFunction: is("AsyncFunction", "AsyncGeneratorFunction"),
  isBigIntObject: is("BigInt"),
  isBooleanObject: is("Boolean"),
  isBoxedPrimitive: isBoxed,
  isDataView: is("DataView"),
  isDate: is("Date"),
  isExternal: (): boolean => false,
  isGeneratorFunction: is("GeneratorFunction", "AsyncGeneratorFunction"),
  isMap: is("Map"),
  isMapIterator: is("Map Iterator"),
  isModuleNamespaceObject: (value: object): boolean =>
    Object.getPrototypeOf(value) === null &&
    Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === "Module",
  isNativeError: isError,
  isNumberObject: is("Number"),
  isPromise: is("Promise"),
  isRegExp: is("RegExp"),
  isSet: is("Set"),
  isSetIterator: is("Set Iterator"),
  isStringObject: is("String"),
  isSymbolObject: is("Symbol"),
  isTypedArray: (value: unknown): boolean =>
    ArrayBuffer.isView(value) && engine.className(value) !== "DataView",
  isWeakMap: is("WeakMap"),
  isWeakSet: is("WeakSet"),
};

/** Made by an `Error` constructor, or inherits from one. */
export function ukIsError(value: unknown): boolean {
  return isError(value) || value instanceof Error;
}
