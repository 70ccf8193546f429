import fc from "fast-check";

/** A change to the bytes of an image. */
export type Edit = (view: DataView) => void;

export const u8 =
  (at: number, value: number): Edit =>
  (view) =>
    view.setUint8(at, value);
export const u16 =
  (at: number, value: number): Edit =>
  (view) =>
    view.setUint16(at, value, true);
export const u32 =
  (at: number, value: number): Edit =>
  (view) =>
    view.setUint32(at, value, true);
export const u64 =
  (at: number, value: number | bigint): Edit =>
  (view) =>
    view.setBigUint64(at, BigInt(value), true);

/** `image` with up to `most` of these `values` written at these `places`, and now and then cut. */
export function mutationsOf(
  image: Uint8Array,
  places: fc.Arbitrary<number>,
  values: fc.Arbitrary<bigint>,
  most: number,
): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(places, values, fc.constantFrom(1, 2, 4, 8)), {
    minLength: 1,
    maxLength: most,
  });
  const lengths = fc.oneof(
    { weight: 9, arbitrary: fc.constant(image.length) },
    { weight: 1, arbitrary: fc.nat(image.length) },
  );
  return fc.tuple(edits, lengths).map(([changes, length]) => {
    const mutated = image.slice();
    for (const [where, value, width] of changes) {
      for (let i = 0; i < width; i++) mutated[where + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    }
    return mutated.subarray(0, length);
  });
}
