/** Bytes of an image, read as they are needed: the file may be larger than memory. */
export interface ImageSource {
  /** Bytes of the image. */
  readonly size: number;
  /**
   * The `length` bytes at `offset`, all of which lie in the image. Fewer, if it has become shorter; what this throws,
   * `read` of @uk/image throws.
   */
  read(offset: number, length: number): Uint8Array;
}

/**
 * @param image - what a caller passed for an image
 * @throws {TypeError} it is none
 */
export function sourceOf(call: string, image: Uint8Array | ImageSource): ImageSource {
  if (image instanceof Uint8Array) {
    return { size: image.length, read: (offset, length) => image.subarray(offset, offset + length) };
  }
  if (!Number.isSafeInteger(image?.size) || typeof image.read !== "function") {
    throw new TypeError(`${call}: an image is a Uint8Array, or an object with size and read`);
  }
  return image;
}

/**
 * @param what - what a caller passed, for the message
 * @throws {TypeError} it is no object, or an array
 */
export function checkObject(what: string, value: unknown): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw new TypeError(`${what} must be an object, not ${found}`);
}
