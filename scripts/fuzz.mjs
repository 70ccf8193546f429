// Feeds readers and tenders what nobody wrote down: `npm run fuzz -- readers 60`. CONTRIBUTING.md has the words.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, fail, npx, root, run, say } from "./lib/workspace.mjs";

/** What libFuzzer tries, and the longest input; it needs a compiler of C++. */
const IN_RUST = { hypercalls: 2048, "images-rust": 16384 };
/** tests/fuzz/targets.ts */
const IN_TYPESCRIPT = ["manifest", "notes", "images", "link", "readers"];
const ALL = [...Object.keys(IN_RUST), ...IN_TYPESCRIPT];
const USAGE = "npm run fuzz -- [TARGET] [SECONDS] [--count=N] [--seed=N], or TARGET FILE";

/** What cargo-fuzz would pass, but for the sanitizers, which the stable compiler has not. */
const COVERAGE = [
  "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table",
  "-Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks",
];
const MACHINE = "x86_64-unknown-linux-gnu";

const cargoTarget = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const build = join(cargoTarget, "fuzz");

const words = process.argv.slice(2);
const names = ALL.includes(words[0]) ? [words.shift()] : ALL;
const options = words
  .map((word) => /^--(count|seed)=(\d{1,15})$/.exec(word))
  .filter((found) => found !== null);
const { count, seed = Date.now() % 2 ** 31 } = Object.fromEntries(
  options.map(([, name, value]) => [name, Number(value)]),
);
const [last, ...rest] = words.filter((word) => !options.some(([option]) => option === word));
const file =
  names.length === 1 && statSync(last ?? "", { throwIfNoEntry: false })?.isFile() ? last : undefined;
if (rest.length > 0 || (file === undefined && !/^[1-9]\d{0,5}$/.test(last ?? "60"))) {
  fail(
    `fuzz: ${process.argv.slice(2).join(" ")} is not understood: ${USAGE}; TARGET is one of ${ALL.join(", ")}`,
  );
}
/** Where there is only a count, it takes as long as it takes. */
const seconds = file === undefined && last !== undefined ? Number(last) : count === undefined ? 60 : 1e9;

mkdirSync(build, { recursive: true });
if (names.some((name) => IN_TYPESCRIPT.includes(name))) ensureBuilt();
for (const name of names) {
  say(`${name}, ${file ?? (count === undefined ? `${seconds} s` : `${count} inputs`)}, seed ${seed}`);
  if (Object.hasOwn(IN_RUST, name)) fuzzRust(name);
  else fuzzTypeScript(name);
}

function fuzzTypeScript(name) {
  // Not every Node that we support runs TypeScript. From target/fuzz the bundle finds the fixtures.
  const bundle = join(root, "target/fuzz/main.mjs");
  const form = ["--bundle", "--format=esm", "--platform=node", "--packages=external", "--log-level=warning"];
  npx("esbuild", [join(root, "tests/fuzz/main.ts"), ...form, `--outfile=${bundle}`]);
  if (name === "readers")
    run("cargo", ["build", "--package=solo5-elf", "--example=verdicts", "--release", "--locked"]);
  const env = { UK_FUZZ_VERDICTS: join(cargoTarget, "release/examples/verdicts") };
  const words = file === undefined ? [seconds, count ?? Number.MAX_SAFE_INTEGER, seed] : [file];
  run(process.execPath, [bundle, name, ...words.map(String)], { env });
}

function fuzzRust(name) {
  const manifest = join(root, "packages/tender-hvt/fuzz/Cargo.toml");
  // A target folder of its own keeps the flags away from what builds the build.
  const place = ["--target", MACHINE, "--target-dir", build];
  const words = ["build", "--release", "--locked", "--bin", name, "--manifest-path", manifest, ...place];
  run("cargo", words, { env: { RUSTFLAGS: COVERAGE.join(" ") } });
  const corpus = join(build, `corpus-${name}`);
  const findings = join(build, "findings");
  for (const folder of [corpus, findings]) mkdirSync(folder, { recursive: true });
  // For libFuzzer, seed 0 is none.
  const limits = [`-max_len=${IN_RUST[name]}`, "-timeout=5", `-seed=${seed + 1}`];
  const amount = count === undefined ? `-max_total_time=${seconds}` : `-runs=${count}`;
  const how = [...limits, amount, "-print_final_stats=1", `-artifact_prefix=${findings}/`];
  run(join(build, MACHINE, "release", name), file === undefined ? [corpus, ...how] : [file]);
}
