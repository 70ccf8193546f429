import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8 } from "./utf8.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

describe("decodeUtf8", () => {
  it.each([
    { what: "nothing", bytes: [] },
    { what: "each byte of ASCII", bytes: Array.from({ length: 128 }, (_, byte) => byte) },
    { what: "what looks like an escape", bytes: [0x25, 0x34, 0x31, 0x25] },
    { what: "a byte order mark", bytes: [0xef, 0xbb, 0xbf, 0x7b] },
    { what: "the last character", bytes: [0xf4, 0x8f, 0xbf, 0xbf] },
    { what: "one behind the last", bytes: [0xf4, 0x90, 0x80, 0x80] },
    { what: "an overlong slash", bytes: [0xc0, 0xaf] },
    { what: "half of a surrogate pair", bytes: [0xed, 0xa0, 0x80] },
    { what: "a character that is cut off", bytes: [0xe2, 0x82] },
    { what: "a byte that continues nothing", bytes: [0x80] },
  ])("takes $what as TextDecoder does", ({ bytes }) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBe(decoded(Uint8Array.from(bytes)));
  });

  it("agrees with TextDecoder on any bytes, and any text", () => {
    const text = fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text));
    const bytes = fc.oneof(fc.uint8Array(), text, fc.tuple(text, fc.uint8Array()).map(joined));
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(decodeUtf8(bytes)).toBe(decoded(bytes));
      }),
    );
  });

  it("puts pieces of a long text together, wherever they end", () => {
    const bytes = new TextEncoder().encode(`€${"a€😀%".repeat(20_000)}`);
    expect(decodeUtf8(bytes)).toBe(decoded(bytes));
  });
});

function joined([a, b]: [Uint8Array, Uint8Array]): Uint8Array {
  return Uint8Array.from([...a, ...b]);
}
