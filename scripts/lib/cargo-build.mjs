// Builds what a package brings in Rust: one target, locked dependencies, and no flags but our own, so that what
// users get does not depend on the shell it was built in.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FLAGS = "-C target-cpu=x86-64";

/**
 * Puts one artifact of a crate into `dist` of its package; ends the script with one line if that fails.
 *
 * @param script - `import.meta.url` of `PACKAGE/scripts/build.mjs`
 * @param crate - name of the crate
 * @param select - what Cargo builds of it, and with which profile
 * @param file - name of the artifact as Cargo has it
 * @param as - its name in `dist`
 * @param flags - further flags of the compiler
 */
export function cargoBuild({ script, crate, select, file, as, flags = [] }) {
  const folder = dirname(dirname(fileURLToPath(script)));
  const { CARGO_ENCODED_RUSTFLAGS: _encoded, CARGO_BUILD_RUSTFLAGS: _build, ...env } = process.env;
  const words = ["build", ...select, "--locked", "--target=x86_64-unknown-linux-gnu", `--package=${crate}`];
  const { error, status, stdout } = spawnSync(
    "cargo",
    [...words, "--message-format=json-render-diagnostics"],
    {
      cwd: folder,
      env: { ...env, RUSTFLAGS: [FLAGS, ...flags].join(" ") },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      maxBuffer: 64 << 20,
    },
  );
  if (error) fail(crate, `cargo cannot be started: ${error.message}; install Rust 1.95 or later`);
  if (status !== 0) process.exit(status ?? 1);
  const built = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ reason }) => reason === "compiler-artifact")
    .flatMap(({ filenames }) => filenames)
    .find((path) => path.endsWith(`/${file}`));
  if (built === undefined) fail(crate, `cargo built no ${file}`);
  const target = join(folder, "dist", as);
  mkdirSync(dirname(target), { recursive: true });
  // Renamed into place: who runs or has loaded it at this moment keeps its file.
  copyFileSync(built, `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
}

function fail(crate, message) {
  console.error(`${crate}: ${message}`);
  process.exit(1);
}
