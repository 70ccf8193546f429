import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const script = fileURLToPath(new URL("../scripts/test262.mjs", import.meta.url));
const suite = fileURLToPath(new URL("test262/suite", import.meta.url));
const committed = readFileSync(join(suite, "expected-failures.txt"), "utf8");
const list = join(workspace(), "list.txt");

/** Runs the suite of this folder, with `text` for the list of failures. */
function test262(text: string, ...options: string[]) {
  writeFileSync(list, text);
  return execute(process.execPath, [script, suite, "--expected", list, "--seconds", "1", ...options]);
}

/** Without the tests that take their time. */
const quick = ["--filter", "test/built-ins/fails-{in-strict,in-images,to-fail}*"];

describe("npm run test262", () => {
  // It builds what it runs.
  beforeAll(async () => {
    expect(await test262(committed, "--filter", "test/language/raw.js")).toMatchObject({ status: 0 });
  }, 600_000);

  it("is content where tests pass and fail as the list says, in images and natively", async () => {
    const { status, stdout } = await test262(committed);
    expect(stdout).toMatch(
      /image: 24 passed, 9 failed; native: 25 passed, 8 failed; 2 tests skipped; \d+ s; 0 unexpected\n$/,
    );
    expect(status).toBe(0);
  });

  it.each([
    {
      why: "a test fails that is not in the list",
      change: (text: string) => text.replace("test/built-ins/fails-to-fail.js sloppy\n", ""),
      says: [
        "image: test/built-ins/fails-to-fail.js sloppy fails: expected TypeError (runtime), got nothing",
        "native: test/built-ins/fails-to-fail.js sloppy fails: expected TypeError (runtime), got nothing",
      ],
    },
    {
      why: "a test fails in the other mode alone",
      change: (text: string) => text.replace("strict-mode.js strict", "strict-mode.js sloppy"),
      says: [
        "image: test/built-ins/fails-in-strict-mode.js sloppy passes, but is in the list of failures",
        "native: test/built-ins/fails-in-strict-mode.js strict fails: runtime: Test262Error: ",
      ],
    },
    {
      why: "the list has a test that there is not",
      change: (text: string) => text.replace("strict-mode.js strict", "strict-mode.js module"),
      says: [
        "image: test/built-ins/fails-in-strict-mode.js module is in the list, but there is no such test",
        "native: test/built-ins/fails-in-strict-mode.js strict fails: runtime: Test262Error: ",
      ],
    },
    {
      why: "the machines differ and the list says that they do not",
      change: (text: string) => text.replace("[image: ", "["),
      says: ["native: test/built-ins/fails-in-images.js sloppy passes, but is in the list of failures"],
    },
  ])("ends with status 1 and says so: $why", async ({ change, says }) => {
    const { status, stdout } = await test262(change(committed), ...quick);
    for (const line of says) expect(stdout).toContain(line);
    expect(stdout).toMatch(/[12456] unexpected\n$/);
    expect(status).toBe(1);
  });

  it("rewrites the list, and keeps what explains it", async () => {
    const changed = committed
      .replace("test/built-ins/fails-to-fail.js sloppy\n", "test/built-ins/host.js strict\n")
      .replace(/\[image: .*/s, "");
    expect(await test262(changed, "--update", "--filter", "test/built-ins/*")).toMatchObject({ status: 0 });
    expect(readFileSync(list, "utf8")).toBe(
      committed
        .replace("test/built-ins/fails-to-fail.js sloppy\n", "")
        .replace("[image: Images have a console]", "[image: not explained yet]")
        .replace("\n[image: ", "\n[not explained yet]\ntest/built-ins/fails-to-fail.js sloppy\n\n[image: "),
    );
    expect(await test262(committed, "--update")).toMatchObject({ status: 0 });
    expect(readFileSync(list, "utf8")).toBe(committed);
  });

  it.each([
    { why: "no folder", words: [], says: "one folder is needed" },
    {
      why: "a folder without the suite",
      words: [fileURLToPath(new URL(".", import.meta.url))],
      says: "is no checkout",
    },
    { why: "a test that is not there", words: [suite, "--filter", "nothing"], says: "there is no such test" },
    {
      why: "an unknown machine",
      words: [suite, "--only", "hvt"],
      says: "--only is image or native, not hvt",
    },
    { why: "an unknown option", words: [suite, "--fast"], says: "'--fast'" },
    {
      why: "a list with something else in it",
      words: [suite, "--expected", script],
      says: "line 1 is none of",
    },
  ])("refuses in one line: $why", async ({ words, says }) => {
    const { status, stderr } = await execute(process.execPath, [script, ...words]);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^uk: test262: /);
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(1);
  });
});

describe("the list of test262's failures", () => {
  const text = readFileSync(new URL("test262/expected-failures.txt", import.meta.url), "utf8");

  it("says for which revision of the suite it is, and why each fails", () => {
    expect(text).toMatch(/^revision [0-9a-f]{40}$/m);
    expect(text).not.toContain("not explained yet");
  });
});
