// Feeds what a guest says to solo5-hvt to libFuzzer for so many seconds: `npm run fuzz -- 60`. It needs a compiler of C++.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fail, root, run, say } from "./lib/workspace.mjs";

const [seconds = "60"] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(seconds)) fail(`fuzz: ${JSON.stringify(seconds)} is no number of seconds`);

/** What cargo-fuzz would pass, but for the sanitizers, which the stable compiler has not. */
const COVERAGE = [
  "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table",
  "-Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks",
];
const TARGET = "x86_64-unknown-linux-gnu";

const manifest = join(root, "packages/tender-hvt/fuzz/Cargo.toml");
const build = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "fuzz");
const corpus = join(build, "corpus");
mkdirSync(corpus, { recursive: true });
// A target of its own keeps the flags away from what builds the build.
const words = [
  "build",
  "--release",
  "--locked",
  "--manifest-path",
  manifest,
  "--target",
  TARGET,
  "--target-dir",
  build,
];
run("cargo", words, { env: { RUSTFLAGS: COVERAGE.join(" ") } });
say(`hypercalls, ${seconds} s`);
run(join(build, TARGET, "release/hypercalls"), [
  corpus,
  `-max_total_time=${seconds}`,
  "-max_len=2048",
  "-timeout=5",
  `-artifact_prefix=${build}/`,
]);
