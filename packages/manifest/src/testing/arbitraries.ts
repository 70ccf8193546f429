import fc from "fast-check";
import { createManifest, type DeviceDeclaration, type Manifest } from "../index.ts";

const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A device with a valid name; the lengths lean to the ends of the range. */
export const device: fc.Arbitrary<DeviceDeclaration> = fc.record({
  name: fc.string({ unit: fc.constantFrom(...LETTERS_AND_DIGITS), minLength: 1, maxLength: 67, size: "max" }),
  type: fc.constantFrom("NET_BASIC", "BLOCK_BASIC"),
});

/** Any valid manifest, from no devices to all 63. */
export const manifest: fc.Arbitrary<Manifest> = fc
  .uniqueArray(device, { selector: ({ name, type }) => `${type} ${name}`, maxLength: 63, size: "max" })
  .map(createManifest);

/** `bytes` with a few bytes overwritten, and maybe cut or extended. */
export function mutationsOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
    maxLength: 6,
  });
  const lengths = fc.oneof(
    { weight: 4, arbitrary: fc.constant(bytes.length) },
    { weight: 1, arbitrary: fc.nat(bytes.length + 16) },
  );
  return fc.tuple(edits, lengths).map(([changes, length]) => {
    const mutated = new Uint8Array(length);
    mutated.set(bytes.subarray(0, length));
    for (const [at, value] of changes) if (at < length) mutated[at] = value;
    return mutated;
  });
}
