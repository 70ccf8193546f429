/**
 * @param options - what a caller passed for an object of options
 * @throws {TypeError} it is none
 */
export function checkOptions(call: string, options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  const what = options === null ? "null" : Array.isArray(options) ? "an array" : `a ${typeof options}`;
  throw new TypeError(`${call}: the options must be an object, not ${what}`);
}

/**
 * @param options - of a call that waits
 * @throws {TypeError} it is no object, or its `signal` is no AbortSignal
 */
export function signalOf(call: string, options: { readonly signal?: AbortSignal }): AbortSignal | undefined {
  checkOptions(call, options);
  const { signal } = options;
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new TypeError(`${call}: signal must be an AbortSignal`);
}
