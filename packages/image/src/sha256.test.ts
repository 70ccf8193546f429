import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { sha256 as onNode } from "./node/sha256.ts";
import { type Sha256, sha256 } from "./sha256.ts";
import { filler } from "./testing/elf-builder.ts";

const both: [string, () => Sha256][] = [
  ["anywhere", sha256],
  ["on Node", onNode],
];

const hex = (hash: Sha256): string => Buffer.from(hash.digest()).toString("hex");

it.each(both)("gives %s the digests of the standard", (_, make) => {
  const of = (...pieces: string[]) => {
    const hash = make();
    for (const piece of pieces) hash.update(new TextEncoder().encode(piece));
    return hex(hash);
  };
  expect(of()).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(of("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(of("abcdbcdecdefdefgefghfghighijhi", "jkijkljklmklmnlmnomnopnopq")).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

it.each(both)("is %s that of Node for every length about a block, and for pieces", (_, make) => {
  const expected = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  for (let length = 0; length < 200; length++) {
    const hash = make();
    hash.update(filler(length, length));
    expect(hex(hash)).toBe(expected(filler(length, length)));
  }
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (pieces) => {
      const hash = make();
      for (const piece of pieces) hash.update(piece);
      expect(hex(hash)).toBe(expected(Buffer.concat(pieces)));
    }),
  );
  const large = filler(3 << 20, 5);
  const hash = make();
  hash.update(large);
  expect(hex(hash)).toBe(expected(large));
});
