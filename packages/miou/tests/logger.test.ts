import { afterEach, expect, it, vi } from "vitest";
import { type LogLevel, logger, showLogs } from "../src/index.ts";

const LEVELS: readonly LogLevel[] = ["app", "error", "warning", "info", "debug"];
afterEach(() => {
  showLogs("error");
  vi.restoreAllMocks();
});

/** What a source prints when it says something at each level. */
function printed(): string[] {
  const lines: string[] = [];
  for (const method of ["log", "error"] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(line));
  const source = logger("net");
  for (const level of LEVELS) source[level]("hello");
  return lines;
}

it("shows nothing below errors unless asked", () => {
  expect(printed()).toEqual(["net: [app] hello", "net: [error] hello"]);
});

it.each(LEVELS.map((level, index) => ({ level, count: index + 1 })))(
  "shows down to $level when asked",
  ({ level, count }) => {
    expect(showLogs(level)).toBe("error");
    expect(printed()).toHaveLength(count);
  },
);

it("refuses a level that does not exist", () => {
  expect(() => showLogs("loud" as LogLevel)).toThrow(RangeError);
});
