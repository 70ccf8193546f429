import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BuildError } from "./build-error.ts";
import { findEntry } from "./entry.ts";

const folder = mkdtempSync(join(tmpdir(), "uk-entry-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const file of [
  "app.ts",
  "plain.js",
  "hello/main.ts",
  "nested/src/main.ts",
  "indexed/index.mts",
  "both/main.ts",
  "both/index.ts",
  "both/src/main.ts",
  "empty/readme.md",
  "tricky/main.ts/readme.md",
]) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), "");
}

describe("findEntry", () => {
  it.each([
    { operand: "app.ts", path: "app.ts", name: "app" },
    { operand: "plain.js", path: "plain.js", name: "plain" },
    { operand: "hello/main.ts", path: "hello/main.ts", name: "hello" },
    { operand: "hello", path: "hello/main.ts", name: "hello" },
    { operand: "hello/", path: "hello/main.ts", name: "hello" },
    { operand: "nested/src/main.ts", path: "nested/src/main.ts", name: "nested" },
    { operand: "nested", path: "nested/src/main.ts", name: "nested" },
    { operand: "indexed", path: "indexed/index.mts", name: "indexed" },
    { operand: "both", path: "both/main.ts", name: "both" },
  ])("takes $operand for $path, named $name", ({ operand, path, name }) => {
    expect(findEntry(join(folder, operand))).toEqual({ path: join(folder, path), name });
  });

  it.each([
    { operand: "absent.ts", why: "no such file or directory" },
    { operand: "app.ts/main.ts", why: "a part of the path is not a directory" },
    { operand: "empty", why: "has no main.ts or index.ts" },
    { operand: "tricky", why: "has no main.ts or index.ts" },
  ])("refuses $operand: $why", ({ operand, why }) => {
    const find = () => findEntry(join(folder, operand));
    expect(find).toThrow(BuildError);
    expect(find).toThrow(expect.objectContaining({ code: "ENTRY" }));
    expect(find).toThrow(why);
  });
});
