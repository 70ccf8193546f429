import { describe, expect, it } from "vitest";
import { argv, splitWords } from "./argv.ts";

const many = Array.from({ length: 70 }, (_, index) => `w${index}`);

describe("the words of a command line", () => {
  it.each([
    { line: "", words: [] },
    { line: "   ", words: [] },
    { line: "a", words: ["a"] },
    { line: "  a", words: ["a"] },
    { line: "a   b ", words: ["a", "b"] },
    { line: "--name='two words'", words: ["--name='two", "words'"] },
    { line: 'a "b c"', words: ["a", '"b', 'c"'] },
    { line: "a\tb\nc", words: ["a\tb\nc"] },
    { line: "--ipv4=10.0.0.2/24 -v -- x", words: ["--ipv4=10.0.0.2/24", "-v", "--", "x"] },
    { line: many.join(" "), words: many.slice(0, 62) },
  ])("[189] of $line", ({ line, words }) => {
    expect(splitWords(line)).toEqual(words);
  });
});

describe("argv", () => {
  it("[188] starts with the program's name, which is always the same, and cannot be changed", () => {
    expect(argv[0]).toBe("uk");
    expect(Object.isFrozen(argv)).toBe(true);
  });
});
