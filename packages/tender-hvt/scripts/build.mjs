// Builds dist/solo5-hvt: release profile, one target, locked dependencies, and no flags but our own,
// so that what users get does not depend on the shell it was built in. Static, so that it does not
// depend on their C library either.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const { CARGO_ENCODED_RUSTFLAGS: _encoded, CARGO_BUILD_RUSTFLAGS: _build, ...env } = process.env;

const cargo = spawnSync(
  process.env.CARGO ?? "cargo",
  [
    "build",
    "--release",
    "--locked",
    "--target=x86_64-unknown-linux-gnu",
    "--package=tender-hvt",
    "--bin=solo5-hvt",
    "--message-format=json-render-diagnostics",
  ],
  {
    cwd: folder,
    env: { ...env, RUSTFLAGS: "-C target-cpu=x86-64 -C target-feature=+crt-static" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  },
);
if (cargo.error) {
  console.error(`tender-hvt: cargo can not be started: ${cargo.error.message}; install Rust 1.95 or later`);
  process.exit(1);
}
if (cargo.status !== 0) process.exit(cargo.status ?? 1);

const built = cargo.stdout
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .find((message) => message.reason === "compiler-artifact" && message.executable?.endsWith("/solo5-hvt"));
if (!built) {
  console.error("tender-hvt: cargo built no solo5-hvt");
  process.exit(1);
}
const dist = join(folder, "dist");
const binary = join(dist, "solo5-hvt");
mkdirSync(dist, { recursive: true });
// Renamed into place: a tender that runs at this moment keeps its file.
copyFileSync(built.executable, `${binary}.new`);
chmodSync(`${binary}.new`, 0o755);
renameSync(`${binary}.new`, binary);
