import { spawnSync } from "node:child_process";
import { binaryPath } from "@uk/tender-hvt";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "./support/workspace.ts";
import { type Result, runBatch } from "./vm/batch.ts";

/** Programs that tests call. */
const PROGRAMS = ["ip", "strace", "gdb"];

/**
 * The tests of `solo5-hvt`, and a tender for them, built so that they run on any Linux: static. A debug
 * build, so that an overflow in the tender is a failure.
 */
function buildTests(): { tests: string; tender: string } {
  const { CARGO_ENCODED_RUSTFLAGS: _encoded, CARGO_BUILD_RUSTFLAGS: _build, ...env } = process.env;
  const words = ["test", "--locked", "--no-run", "--package=tender-hvt", "--test=hvt"];
  const format = ["--target=x86_64-unknown-linux-gnu", "--message-format=json-render-diagnostics"];
  const { status, stdout } = spawnSync("cargo", [...words, ...format], {
    cwd: root,
    env: { ...env, RUSTFLAGS: "-C target-cpu=x86-64 -C target-feature=+crt-static" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`the tests of solo5-hvt cannot be built: status ${status}`);
  const programs = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ reason, executable }) => reason === "compiler-artifact" && executable);
  const find = (name: string): string =>
    programs.find(({ target }) => target.name === name)?.executable ?? expect.fail(`cargo built no ${name}`);
  return { tests: find("hvt"), tender: find("solo5-hvt") };
}

describe("solo5-hvt, where guests execute", () => {
  const tenders = ["debug", "release"] as const;
  let results: readonly Result[];

  beforeAll(async () => {
    const { tests, tender } = buildTests();
    results = await runBatch({
      files: { "hvt-tests": tests, "debug/solo5-hvt": tender, "release/solo5-hvt": binaryPath() },
      programs: PROGRAMS,
      timeoutMs: 600_000,
      steps: tenders.map((name) => ({
        name,
        // The virtual machine has one processor.
        argv: ["./hvt-tests", "--test-threads=1", "--show-output"],
        env: { SOLO5_HVT: `./${name}/solo5-hvt`, RUST_BACKTRACE: "0" },
        timeoutMs: 500_000,
      })),
    });
  }, 900_000);

  it.each(tenders)("passes its own tests, and skips none: %s", (name) => {
    const result = results[tenders.indexOf(name)] ?? expect.fail("it is a step of the batch");
    expect(`${result.stdout}\n${result.stderr}`).toMatch(/test result: ok\. \d+ passed; 0 failed; 0 ignored/);
    expect(result.stderr).not.toContain("skipped");
    expect(result.status).toBe(0);
  });
});
