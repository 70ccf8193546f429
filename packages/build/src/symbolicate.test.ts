import { describe, expect, it } from "vitest";
import { StackTraces } from "./stack-traces.ts";
import { SourceMap, symbolicate } from "./symbolicate.ts";

/** Line 1 of the bundle is line 1 of `src/a.ts`, line 2 is line 11, each column the same. */
const MAP = JSON.stringify({
  version: 3,
  sources: ["src/a.ts"],
  names: [],
  mappings: "AAAA,IAAI;AAUJ,IAAI",
});

const traces = (): StackTraces => new StackTraces(async () => new SourceMap(MAP, "my+app.js"));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The text that comes out, given these pieces of it. */
async function shown(pieces: readonly string[]): Promise<string[]> {
  const stream = traces();
  const out: string[] = [];
  for (const piece of pieces) out.push(textOf(await stream.write(Buffer.from(piece))));
  return [...out, textOf(await stream.end())];
}

describe("a guest's text", () => {
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
  ])("shows %s as it must be", async (_, text, expected) => {
    expect((await shown([text])).join("")).toBe(expected);
    expect((await shown([...text])).join("")).toBe(expected);
    expect(symbolicate(text, MAP, "my+app.js")).toBe(expected);
  });

  it("holds back only what may become a frame", async () => {
    expect(await shown(["Passw", "ord: ", "\n    at", " f (my+app.js:2:5)", "\nyes\n"])).toEqual([
      "Passw",
      "ord: ",
      "\n",
      "",
      "    at f (src/a.ts:11:5)\nyes\n",
      "",
    ]);
  });

  it("does not take the end of a line for a frame", async () => {
    expect((await shown(["x", "    at f (my+app.js:2:5)\n"])).join("")).toBe("x    at f (my+app.js:2:5)\n");
  });

  it("does not hold back a line without end", async () => {
    const [first] = await shown([`    at ${"x".repeat(5000)}`]);
    expect(first).toHaveLength(5007);
  });

  it("leaves bytes that are no text as they are", async () => {
    const stream = traces();
    const bytes = Uint8Array.from({ length: 512 }, (_, at) => at & 255);
    expect([...(await stream.write(bytes)), ...(await stream.end())]).toEqual([...bytes]);
  });

  it("has its map read once, and not before there is a stack trace", async () => {
    let times = 0;
    const stream = new StackTraces(async () => {
      times++;
      return new SourceMap(MAP, "my+app.js");
    });
    await stream.write(Buffer.from("text\n    indented\n"));
    expect(times).toBe(0);
    await stream.write(Buffer.from("    at f (my+app.js:2:5)\n".repeat(3)));
    expect(times).toBe(1);
  });

  it("keeps its places where there is no map", async () => {
    const stream = new StackTraces(async () => undefined);
    const frame = "    at f (my+app.js:2:5)\n";
    expect(textOf(await stream.write(Buffer.from(frame)))).toBe(frame);
  });
});

describe("a source map", () => {
  it("that says which module it is for needs no other name", () => {
    const map = JSON.stringify({ ...JSON.parse(MAP), file: "own.js" });
    const text = "    at f (own.js:2:5)\n    at f (my+app.js:2:5)\n";
    const expected = "    at f (src/a.ts:11:5)\n    at f (my+app.js:2:5)\n";
    expect(symbolicate(text, map)).toBe(expected);
    expect(symbolicate(text, map, "my+app.js")).toBe(expected);
  });

  it.each(["", "null", "5", "{}", JSON.stringify({ ...JSON.parse(MAP), file: 5 })])("is not %j", (map) => {
    const read = () => symbolicate("", map);
    expect(read).toThrow(expect.objectContaining({ name: "BuildError", code: "MAP" }));
  });
});
