/** A `Uint8Array`. A proxy of one is none, and asking it would run code of the program. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
}

/** Bytes that can be written to: not of immutable memory. */
export function isRoom(value: unknown): value is Uint8Array {
  return isBytes(value) && (value.buffer as { immutable?: boolean }).immutable !== true;
}

/** @throws {TypeError} `value` is not a `Uint8Array` */
export function checkBytes(call: string, value: unknown): void {
  if (!isBytes(value)) throw new TypeError(`${call}: a Uint8Array is needed`);
}

/** @throws {TypeError} `value` is not a `Uint8Array` that can be written to */
export function checkRoom(call: string, value: unknown): void {
  checkBytes(call, value);
  if (!isRoom(value)) throw new TypeError(`${call}: the memory of the Uint8Array is immutable`);
}
