import { describe, expect, it } from "vitest";
import { crc32, portableCrc32 } from "./crc32.ts";

describe.each([
  { how: "with Node's own", crc32 },
  { how: "anywhere", crc32: portableCrc32 },
])("crc32 $how", ({ crc32 }) => {
  it.each([
    { text: "", crc: 0 },
    { text: "a", crc: 0xe8b7be43 },
    { text: "123456789", crc: 0xcbf43926 },
  ])("is $crc for $text", ({ text, crc }) => {
    const bytes = new TextEncoder().encode(text);
    expect(crc32(bytes)).toBe(crc);
    for (let at = 0; at <= bytes.length; at++)
      expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(crc);
  });
});
