import { describe, expect, it } from "vitest";
import { visible, visibleName } from "./visible.ts";

describe("visible", () => {
  it.each([
    ["plain text, größe, 漢字, 😀", "plain text, größe, 漢字, 😀"],
    ["two\nlines\tand a tab", "two\nlines\tand a tab"],
    ["\u001b[31m", "\\u001b[31m"],
    ["\u0000\u0007\b\r\u007f", "\\u0000\\u0007\\u0008\\u000d\\u007f"],
    ["\u0080\u009b", "\\u0080\\u009b"],
    ["\u202e\u2066\u200f\u2028", "\\u202e\\u2066\\u200f\\u2028"],
  ])("%j becomes %j", (text, expected) => {
    expect(visible(text)).toBe(expected);
    expect(visible(visible(text))).toBe(expected);
  });

  it("leaves JSON the same JSON", () => {
    const value = { name: "a\u001b\u009b\u202e\u2028\n" };
    expect(JSON.parse(visible(JSON.stringify(value, null, 2)))).toEqual(value);
  });
});

describe("visibleName", () => {
  it("has no line ends", () => {
    expect(visibleName("a\n\tb\u001b")).toBe("a\\u000a\\u0009b\\u001b");
  });
});
