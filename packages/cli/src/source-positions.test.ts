import { describe, expect, it } from "vitest";
import { SourcePositions } from "./source-positions.ts";

/** Line 1 of the bundle is line 1 of `src/a.ts`, line 2 is line 11, each column the same. */
const MAP = JSON.stringify({
  version: 3,
  sources: ["src/a.ts"],
  names: [],
  mappings: "AAAA,IAAI;AAUJ,IAAI",
});

/** The text that comes out, given these pieces of it. */
function shown(pieces: readonly string[]): string[] {
  const positions = new SourcePositions(MAP, "my+app.js");
  const out = pieces.map((piece) => positions.write(Buffer.from(piece)).toString());
  return [...out, positions.end().toString()];
}

describe("SourcePositions", () => {
  it.each([
    ["a frame", "    at f (my+app.js:2:5)\n", "    at f (src/a.ts:11:5)\n"],
    ["a frame without a name", "    at my+app.js:2:1\n", "    at src/a.ts:11:1\n"],
    ["the last line, without a newline", "x\n    at f (my+app.js:2:5)", "x\n    at f (src/a.ts:11:5)"],
    ["a deeper frame, of a cause", "      at f (my+app.js:1:1)\n", "      at f (src/a.ts:1:1)\n"],
    ["a frame of another module", "    at f (other.js:1:1)\n", "    at f (other.js:1:1)\n"],
    ["a frame of a name that only ends alike", "    at f (xmy+app.js:1:1)\n", "    at f (xmy+app.js:1:1)\n"],
    ["a place that no source has", "    at f (my+app.js:9:1)\n", "    at f (my+app.js:9:1)\n"],
    ["a place that nothing has", "    at f (my+app.js:0:0)\n", "    at f (my+app.js:0:0)\n"],
    ["a native frame", "    at map (native)\n", "    at map (native)\n"],
    ["text that is not a frame", "see my+app.js:1:1\n", "see my+app.js:1:1\n"],
    ["spaces", "      \n   ", "      \n   "],
    ["nothing", "", ""],
  ])("shows %s as it must be", (_, text, expected) => {
    expect(shown([text]).join("")).toBe(expected);
    expect(shown([...text]).join("")).toBe(expected);
  });

  it("holds back only what may become a frame", () => {
    expect(shown(["Passw", "ord: ", "\n    at", " f (my+app.js:2:5)", "\nyes\n"])).toEqual([
      "Passw",
      "ord: ",
      "\n",
      "",
      "    at f (src/a.ts:11:5)\nyes\n",
      "",
    ]);
  });

  it("does not take the end of a line for a frame", () => {
    expect(shown(["x", "    at f (my+app.js:2:5)\n"]).join("")).toBe("x    at f (my+app.js:2:5)\n");
  });

  it("does not hold back a line without end", () => {
    const [first] = shown([`    at ${"x".repeat(5000)}`]);
    expect(first).toHaveLength(5007);
  });

  it("leaves bytes that are no text as they are", () => {
    const positions = new SourcePositions(MAP, "my+app.js");
    const bytes = Uint8Array.from({ length: 512 }, (_, at) => at & 255);
    expect([...positions.write(bytes), ...positions.end()]).toEqual([...bytes]);
  });
});
