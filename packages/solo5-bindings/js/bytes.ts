import { isBytes, isRoom } from "@uk/miou-solo5/device-calls";

/** @throws {TypeError} `value` is not a `Uint8Array` */
export function checkBytes(call: string, value: unknown): void {
  if (!isBytes(value)) throw new TypeError(`${call}: a Uint8Array is needed`);
}

/** @throws {TypeError} `value` is not a `Uint8Array` that can be written to */
export function checkRoom(call: string, value: unknown): void {
  checkBytes(call, value);
  if (!isRoom(value)) throw new TypeError(`${call}: the memory of the Uint8Array is immutable`);
}
