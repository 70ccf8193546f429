import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileModule } from "./compile.ts";
import { RuntimeError } from "./error.ts";
import { baseImagePath } from "./parts.ts";

/** The error that compiling `source` ends with. */
async function failure(source: string, name = "app.js"): Promise<RuntimeError> {
  const error: unknown = await compileModule(source, name).then(
    () => new Error("it compiled"),
    (reason) => reason,
  );
  if (!(error instanceof RuntimeError)) throw error;
  return error;
}

describe("compileModule", () => {
  it("gives the same bytecode for the same source and name, and the build id of the base image", async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => compileModule("export const a = 1;", "app.js")),
    );
    expect(first?.bytecode.length).toBeGreaterThan(0);
    expect(first).toEqual(second);
    expect(first?.buildId).toHaveLength(32);
    expect(readFileSync(baseImagePath("spt")).indexOf(first?.buildId ?? new Uint8Array())).toBeGreaterThan(0);
  });

  it.each([
    { why: "an empty module", source: "" },
    {
      why: "a module that imports the base image's own",
      source: 'import { exit } from "uk:solo5"; exit(0);',
    },
    { why: "top-level await", source: "await null;" },
    { why: "using", source: "{ using a = null; }" },
    { why: "text beyond ASCII", source: 'globalThis.é = "😀";' },
    { why: "a thousand nested parentheses", source: `${"(".repeat(1000)}1${")".repeat(1000)}` },
    { why: "a megabyte", source: "globalThis.x = [1, 2, 3].map((n) => n * 2);\n".repeat(23_000) },
  ])("compiles $why", async ({ source }) => {
    const { bytecode } = await compileModule(source, "app.js");
    expect(bytecode.length).toBeGreaterThan(0);
  });

  it.each([
    { why: "in the first line", source: "let = ;", line: 1 },
    { why: "in a later line", source: "const a = 1;\n\n  const b = = 2;\n", line: 3 },
    { why: "after text beyond ASCII", source: 'const é = "😀";\nconst 1x = 0;\n', line: 2 },
    { why: "of strict mode", source: "var a;\ndelete a;\n", line: 2 },
  ])("says where an error is: $why", async ({ source, line }) => {
    const error = await failure(source);
    expect(error).toMatchObject({ code: "SYNTAX", line });
    expect(error.message).toMatch(/^SyntaxError: [^\n]+$/);
    expect(error.column).toBeGreaterThan(0);
  });

  it.each([
    { why: "in a regular expression", source: "const a = /(/;" },
    { why: "nested beyond reason", source: `${"[".repeat(2_000_000)}` },
  ])("reports an error whose place the engine does not tell: $why", async ({ source }) => {
    expect((await failure(source)).message).toMatch(/^[A-Za-z]+: [^\n]+$/);
  });

  it.each([
    { why: "a module of Node", source: 'import "node:fs";' },
    { why: "a file", source: 'import "./other.js";' },
  ])("refuses to import $why", async ({ source }) => {
    expect((await failure(source)).message).toMatch(/cannot import/);
  });

  it("refuses arguments of other types", async () => {
    for (const source of [undefined, null, 5, new Uint8Array(2)])
      await expect(compileModule(source as never, "app.js")).rejects.toThrow(/^compileModule: /);
    await expect(compileModule("", 5 as unknown as string)).rejects.toThrow(TypeError);
  });

  it("refuses a source with a NUL, which the engine's parser would take for its end", async () => {
    await expect(compileModule("a;\0b;", "app.js")).rejects.toBeInstanceOf(RuntimeError);
  });
});
