import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { afterEach, describe, expect, it, vi } from "vitest";
import { main } from "./main.ts";

/** Runs `uk` in this process; the status and the lines on either stream. */
async function said(...words: string[]): Promise<{ status: number; out: string; err: string }> {
  const lines = { log: [] as string[], error: [] as string[] };
  vi.spyOn(console, "log").mockImplementation((line) => void lines.log.push(String(line)));
  vi.spyOn(console, "error").mockImplementation((line) => void lines.error.push(String(line)));
  const status = await main(words);
  return { status, out: lines.log.join("\n"), err: lines.error.join("\n") };
}
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("the command line", () => {
  it.each([
    { words: ["foo"], why: 'unknown command "foo"' },
    { words: ["toString"], why: 'unknown command "toString"' },
    { words: ["--target"], why: 'unknown command "--target"' },
    { words: ["build"], why: "ENTRY is missing" },
    { words: ["build", "--json"], why: "ENTRY is missing" },
    { words: ["build", "a", "b"], why: "too many operands" },
    { words: ["build", "a", "--bogus"], why: "unknown option --bogus" },
    { words: ["build", "a", "--bogus=1"], why: "unknown option --bogus=1" },
    { words: ["build", "a", "-j"], why: "unknown option -j" },
    { words: ["build", "a", "--entry=x"], why: "unknown option --entry=x" },
    { words: ["build", "a", "--toString"], why: "unknown option --toString" },
    { words: ["build", "a", "--stack=big"], why: "--stack=big" },
    { words: ["build", "a", "--stack=255"], why: "--stack=255" },
    { words: ["build", "a", "--stack=0"], why: "--stack=0" },
    { words: ["build", "a", "--name"], why: "option --name needs a value" },
    { words: ["build", "a", "--json=yes"], why: "option --json takes no value" },
    { words: ["build", "a", "--target", "xen"], why: 'unknown target "xen"' },
    { words: ["build", "a", "--target=spt,"], why: 'unknown target ""' },
    { words: ["inspect"], why: "IMAGE is missing" },
    { words: ["manifest"], why: "ENTRY is missing" },
    { words: ["run"], why: "IMAGE is missing" },
    { words: ["run", "--mem=64"], why: "IMAGE is missing" },
    { words: ["run", "--"], why: "IMAGE is missing" },
    { words: ["which", "xen"], why: 'no tender for "xen"' },
  ])("is refused for `uk $words`: $why", async ({ words, why }) => {
    const { status, out, err } = await said(...words);
    expect(err).toContain(why);
    expect(err).toMatch(/^uk: [^\n]*$/);
    expect(out).toBe("");
    expect(status).toBe(64);
  });

  it("names the folder of temporary files where nothing can be written there", async () => {
    vi.stubEnv("TMPDIR", "/nonexistent");
    const { status, out, err } = await said("dev", "hello.ts");
    expect(err).toMatch(/^uk: dev: \/nonexistent: [^\n]*ENOENT[^\n]*TMPDIR$/);
    expect({ status, out }).toEqual({ status: 1, out: "" });
  });

  it.each([
    { words: ["--help"] },
    { words: ["-h"] },
    { words: ["help"] },
    { words: ["build", "--help"] },
    { words: ["build", "x", "--help"] },
    { words: ["run", "--help"] },
  ])("ends the help in examples: uk $words", async ({ words }) => {
    const { status, out } = await said(...words);
    expect(out).toMatch(/\nEXAMPLES\n\n(?: {2}.*uk .*\n)+$/);
    expect(status).toBe(0);
  });

  it("shows the help and fails when it is empty", async () => {
    const { status, out } = await said();
    expect(out).toContain("EXAMPLES");
    expect(status).toBe(64);
  });
});

it("starts with one file, built, which imports no other package before a command needs it", () => {
  const text = readFileSync(new URL("../dist/index.js", import.meta.url), "utf8");
  const imported = [...text.matchAll(/^(?:import|export)\s(?:[^"']*\sfrom\s)?["']([^"']+)["']/gm)].map(
    ([, name = ""]) => name,
  );
  expect(imported).toContain("path");
  expect(imported.filter((name) => !isBuiltin(name) || name.includes("child_process"))).toEqual([]);
});
