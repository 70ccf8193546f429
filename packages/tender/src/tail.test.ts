import { expect, it } from "vitest";
import { Tail } from "./tail.ts";

it.each([
  { why: "nothing", chunks: [], kept: "" },
  { why: "less than there is room for", chunks: ["ab", "c"], kept: "abc" },
  { why: "as much as there is room for", chunks: ["abc", "de"], kept: "abcde" },
  { why: "more in the end", chunks: ["abcd", "ef"], kept: "bcdef" },
  { why: "more at once", chunks: ["a", "bcdefgh"], kept: "defgh" },
  { why: "empty pieces", chunks: ["abc", "", "d"], kept: "abcd" },
  { why: "a character that is cut in two", chunks: ["\u00e4bcd", "e"], kept: "\ufffdbcde" },
])("keeps the end of $why", ({ chunks, kept }) => {
  const tail = new Tail(5);
  for (const chunk of chunks) tail.push(Buffer.from(chunk));
  expect(tail.text).toBe(kept);
});
