import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  all,
  type Operation,
  oneOf,
  run,
  runSync,
  sleep,
  spawn,
  until,
  virtualTime,
} from "../../src/index.ts";

/** Digest of a folder: of the names and digests of what it contains. */
function* digest(path: string, concurrent: boolean): Operation<string> {
  const entries = yield* until(readdir(path, { withFileTypes: true }));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const one = function* (i: number): Operation<string> {
    const entry = entries[i];
    if (entry === undefined) return "";
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return yield* digest(inner, concurrent);
    const content = yield* until(readFile(inner));
    return createHash("sha256").update(content).digest("hex");
  };
  let digests: string[] = [];
  if (concurrent) digests = yield* all(entries.map((_, i) => spawn(() => one(i))));
  else for (let i = 0; i < entries.length; i++) digests.push(yield* one(i));
  const hash = createHash("sha256");
  entries.forEach((entry, i) => {
    hash.update(`${entry.name} ${digests[i]}\n`);
  });
  return hash.digest("hex");
}

it("[163] a directory tree has the same hash when its files are read one by one and by many tasks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "miou-tree-"));
  try {
    for (let i = 0; i < 5; i++) {
      mkdirSync(join(folder, `d${i}`, "inner"), { recursive: true });
      for (let j = 0; j < 10; j++)
        writeFileSync(join(folder, `d${i}`, "inner", `f${j}`), `${i} ${j}`.repeat(j * 100));
    }
    const sequential = await run(() => digest(folder, false));
    expect(await run(() => digest(folder, true))).toBe(sequential);
    writeFileSync(join(folder, "d0", "inner", "f0"), "changed");
    expect(await run(() => digest(folder, true))).not.toBe(sequential);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("[164] sleepers of the manual: side by side they take as long as the longest, and no longer than their canceller", () => {
  const clock = virtualTime();
  const took = (main: () => Operation<unknown>): number => {
    const start = clock.now();
    runSync(main, clock);
    return clock.now() - start;
  };
  const concurrently = took(function* () {
    yield* all([spawn(() => sleep(1000)), spawn(() => sleep(2000))]);
  });
  const inTurn = took(function* () {
    yield* sleep(1000);
    yield* sleep(2000);
  });
  const cancelled = took(function* () {
    const long = spawn(() => sleep(10_000));
    yield* oneOf([spawn(() => sleep(1000))]);
    yield* long.cancel();
  });
  expect([concurrently, inTurn, cancelled]).toEqual([2000, 3000, 1000]);
});
