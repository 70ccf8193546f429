/**
 * The part of `buffer` that a call means.
 *
 * @throws {TypeError} `buffer` is not a `Uint8Array`
 * @throws {RangeError} the part does not lie in the buffer
 */
export function part(call: string, buffer: Uint8Array, offset = 0, length?: number): Uint8Array {
  if (!(buffer instanceof Uint8Array)) throw new TypeError(`${call}: the buffer is not a Uint8Array`);
  const size = length ?? buffer.length - offset;
  const inside = offset >= 0 && size >= 0 && offset + size <= buffer.length;
  if (!Number.isInteger(offset) || !Number.isInteger(size) || !inside) {
    throw new RangeError(
      `${call}: offset ${offset} and length ${size} do not lie in a buffer of ${buffer.length} bytes`,
    );
  }
  return buffer.subarray(offset, offset + size);
}
