import { describe, expect, it } from "vitest";
import { crc32 } from "./crc32.ts";

describe("crc32", () => {
  it.each([
    { text: "", crc: 0 },
    { text: "a", crc: 0xe8b7be43 },
    { text: "123456789", crc: 0xcbf43926 },
  ])("is $crc for $text", ({ text, crc }) => {
    expect(crc32(new TextEncoder().encode(text))).toBe(crc);
  });
});
