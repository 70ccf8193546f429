// A short run of each fuzzer in TypeScript; `npm run fuzz` goes on for as long as one wants.
import { spawnSync } from "node:child_process";
import { beforeAll, expect, it } from "vitest";
import { fuzz } from "./fuzz/run.ts";
import { TARGETS } from "./fuzz/targets.ts";
import { root } from "./support/workspace.ts";

beforeAll(() => {
  const words = ["build", "--locked", "--package=solo5-elf", "--example=verdicts"];
  const { status, stdout } = spawnSync("cargo", [...words, "--message-format=json-render-diagnostics"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  });
  expect(status).toBe(0);
  const artifacts = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  const program = artifacts.find(({ target, executable }) => target?.name === "verdicts" && executable);
  process.env.UK_FUZZ_VERDICTS = program.executable;
}, 600_000);

it.each(Object.entries(TARGETS))("finds nothing wrong: %s", (_, target) => {
  const { outcomes, finding } = fuzz(target, 1, 20_000);
  expect(finding).toBeUndefined();
  // Otherwise what is tried is no good.
  expect(Object.keys(outcomes).length).toBeGreaterThan(1);
  for (const [outcome, times] of Object.entries(outcomes)) expect(times, outcome).toBeGreaterThan(100);
});
