// Builds dist/solo5-bindings.linux-x64-gnu.node: the profile for addons, one target, locked dependencies,
// and no flags but our own, so that what users get does not depend on the shell it was built in.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const { CARGO_ENCODED_RUSTFLAGS: _encoded, CARGO_BUILD_RUSTFLAGS: _build, ...env } = process.env;

const cargo = spawnSync(
  process.env.CARGO ?? "cargo",
  [
    "build",
    "--profile=addon",
    "--locked",
    "--target=x86_64-unknown-linux-gnu",
    "--package=solo5-bindings",
    "--lib",
    "--message-format=json-render-diagnostics",
  ],
  {
    cwd: folder,
    env: { ...env, RUSTFLAGS: "-C target-cpu=x86-64" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  },
);
if (cargo.error) {
  console.error(
    `solo5-bindings: cargo can not be started: ${cargo.error.message}; install Rust 1.95 or later`,
  );
  process.exit(1);
}
if (cargo.status !== 0) process.exit(cargo.status ?? 1);

const library = cargo.stdout
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .filter((message) => message.reason === "compiler-artifact")
  .flatMap((message) => message.filenames)
  .find((path) => path.endsWith("/libsolo5_bindings.so"));
if (!library) {
  console.error("solo5-bindings: cargo built no libsolo5_bindings.so");
  process.exit(1);
}
const dist = join(folder, "dist");
const addon = join(dist, "solo5-bindings.linux-x64-gnu.node");
mkdirSync(dist, { recursive: true });
// Renamed into place: a process that has loaded it keeps its file.
copyFileSync(library, `${addon}.new`);
renameSync(`${addon}.new`, addon);
