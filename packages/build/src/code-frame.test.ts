import { describe, expect, it } from "vitest";
import { codeFrame } from "./code-frame.ts";

const source = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join("\n");

describe("codeFrame", () => {
  it("shows the line with a mark under the column, two lines before and one after", () => {
    expect(codeFrame(source, 9, 6)).toBe(
      ["     7 │ line 7", "     8 │ line 8", "     9 │ line 9", "       ╵      ^", "    10 │ line 10"].join(
        "\n",
      ),
    );
  });

  it.each([
    { why: "at the first line", line: 1, rows: 3 },
    { why: "at the last line", line: 12, rows: 4 },
  ])("shows fewer lines $why", ({ line, rows }) => {
    expect(codeFrame(source, line, 1).split("\n")).toHaveLength(rows);
  });

  it("keeps the tabs before the mark, so that it stands under its character", () => {
    expect(codeFrame("\tlet a b", 1, 8)).toBe("    1 │ \tlet a b\n      ╵ \t      ^");
  });

  it("shows control characters, and has its mark behind them", () => {
    const before = "a\\u001b[31mb ";
    expect(codeFrame("a\u001b[31mb c", 1, 9)).toBe(
      `    1 │ ${before}c\n      ╵ ${" ".repeat(before.length)}^`,
    );
  });

  it("knows line ends of both kinds", () => {
    expect(codeFrame("a\r\nb", 2, 1)).toBe("    1 │ a\n    2 │ b\n      ╵ ^");
  });

  it("marks a place behind the end of its line", () => {
    expect(codeFrame("ab", 1, 5)).toBe("    1 │ ab\n      ╵     ^");
  });
});
