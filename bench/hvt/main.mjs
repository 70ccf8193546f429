// The KVM tender beside the seccomp tender: boot to exit, exits and hypercalls of a frame, and instructions
// until a guest begins. The first two where guests execute, in one batch of tests/vm.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binaryPath as hvtPath } from "@uk/tender-hvt";
import { binaryPath as sptPath } from "@uk/tender-spt";
import { installDebianPackages, missingDebianPackages } from "../../scripts/lib/workspace.mjs";
import { machine, printTable, root, uk } from "../lib.mjs";
import { bootStep, bootTable } from "./boots.mjs";
import { exitSteps, exitTable } from "./exits.mjs";
import { findPlace, runBatch } from "./harness.mjs";
import { countInstructions, makeTap } from "./startup.mjs";

const MEMORY = "--mem=32";
/** Whoever measures and sends has to run in a machine without libraries. */
const TARGET = "x86_64-unknown-linux-gnu";
const STATIC = "-C target-cpu=x86-64 -C target-feature=+crt-static";

const tenders = { "solo5-hvt": hvtPath(), "solo5-spt": sptPath() };

if (process.argv[2] !== "inside") {
  // A network namespace of its own; its interfaces vanish with it.
  const options = { stdio: "inherit" };
  execFileSync("unshare", ["--net", process.execPath, new URL(import.meta.url).pathname, "inside"], options);
} else {
  const work = mkdtempSync(join(root, "bench/hvt/.work-"));
  try {
    await inside(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function inside(work) {
  uk("build", join(root, "examples/hello/main.ts"), "--name", "hello", "--out-dir", work);
  uk("build", join(root, "bench/net/guest.ts"), "--name", "guest", "--out-dir", work);
  const programs = buildStatic();
  const isEmulated = !findPlace().direct;
  const place = isEmulated ? "KVM in an emulated machine with one processor" : "KVM of this machine";
  console.log(`${machine()}; guests under ${place}\n`);

  const images = ["hello.hvt", "hello.spt", "guest.hvt"].map((name) => [name, join(work, name)]);
  const [boots, ...exits] = await runBatch({
    files: {
      ...tenders,
      ...Object.fromEntries(images),
      measure: join(programs, "measure"),
      "frame-load": join(programs, "frame-load"),
      "exits.sh": join(root, "bench/hvt/exits.sh"),
    },
    steps: [bootStep(MEMORY), ...exitSteps(MEMORY)],
    timeoutMs: 600_000,
  });
  const booted = bootTable(boots, isEmulated);
  console.log(`${booted.runs} interleaved runs after ${booted.warmUp}; median, 10th..90th percentile`);
  printTable(booted.rows);
  const { leftOut, rounds, frames, rows } = exitTable(exits);
  if (leftOut !== undefined) {
    console.log(`\nexits: left out, they could not be counted: ${leftOut}`);
  } else {
    console.log(`\nmedian of ${rounds} interleaved rounds; frames of 60 bytes a round: ${frames}`);
    printTable(rows);
  }

  installDebianPackages(missingDebianPackages({ valgrind: "valgrind" }, {}));
  makeTap();
  const counted = countInstructions(tenders, work, MEMORY);
  console.log(
    `\nfrom the start to the last step before the guest; median of ${counted.runs} runs of callgrind`,
  );
  printTable(counted.rows);
  for (const note of counted.notes) console.log(note);
}

/** Builds bench/measure and bench/native without shared libraries; the folder they are in. */
function buildStatic() {
  const packages = ["--package=measure", "--package=bench-native"];
  const { CARGO_ENCODED_RUSTFLAGS: _encoded, CARGO_BUILD_RUSTFLAGS: _build, ...env } = process.env;
  const words = ["build", "--release", "--locked", "--quiet", `--target=${TARGET}`, ...packages];
  execFileSync("cargo", words, { cwd: root, stdio: "inherit", env: { ...env, RUSTFLAGS: STATIC } });
  return join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), TARGET, "release");
}
