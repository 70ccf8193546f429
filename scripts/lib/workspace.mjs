// What every script of the house needs first. No dependency: this runs before `npm ci` has run.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Programs that the build or the tests call, and the Debian package that each is in. */
const PROGRAMS = { cc: "gcc", ar: "binutils", readelf: "binutils", git: "git" };
/** Files that the build reads, and the Debian package that each is in. */
const FILES = { "/usr/include/stdlib.h": "libc6-dev" };

const OLDEST_NODE = [20, 19];
const OLDEST_RUST = [1, 95];

/** No tool of ours reports home. */
Object.assign(process.env, {
  DO_NOT_TRACK: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  npm_config_update_notifier: "false",
});

/** Node trusts only the authorities it was built with; npm shall trust those of this system as well. */
const SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt";
if (existsSync(SYSTEM_CAS)) process.env.NODE_EXTRA_CA_CERTS ??= SYSTEM_CAS;

/** One line about what happens now, or happened. */
export function say(message) {
  console.log(`uk: ${message}`);
}

/** Ends the script with a line that says what is wrong and what to do. */
export function fail(message) {
  console.error(`uk: ${message}`);
  process.exit(1);
}

/** Runs a command in the house's root with its output shown; the status, or the end of the script. */
export function run(command, args, { env = {}, allowFailure = false, quiet = false } = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? ["inherit", "pipe", "pipe"] : "inherit",
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error) fail(`${command}: ${error.code === "ENOENT" ? "not found: install it" : error.message}`);
  if (status !== 0 && !allowFailure) {
    if (quiet) process.stderr.write(`${stdout}${stderr}`);
    fail(`${[command, ...args].join(" ")} ended with ${signal ?? `status ${status}`}`);
  }
  return status ?? 1;
}

/** A program of an npm package of the house, e.g. `turbo`. */
export function npx(name, args, options) {
  return run(join(root, "node_modules/.bin", name), args, options);
}

/** `uk` as built here. */
export function uk(args, options) {
  return run(process.execPath, [join(root, "packages/cli/bin/uk.mjs"), ...args], options);
}

/** Everything up to and including the build. */
export function ensureBuilt({ quiet = false } = {}) {
  checkVersions();
  installDebianPackages(missingDebianPackages());
  installNpmPackages();
  say("building (turbo; a second run is a cache hit)");
  npx("turbo", ["run", "build", "--env-mode=loose", "--output-logs=errors-only", "--log-order=grouped"], {
    quiet,
  });
}

function checkVersions() {
  const node = process.versions.node.split(".").map(Number);
  if (isOlder(node, OLDEST_NODE))
    fail(`Node ${process.versions.node} is too old: ${OLDEST_NODE.join(".")} or later is needed`);
  const { stdout, error } = spawnSync("cargo", ["--version"], { cwd: root, encoding: "utf8" });
  if (error) fail("cargo is not there: install Rust with rustup, https://rustup.rs");
  const rust = (/(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  if (isOlder(rust, OLDEST_RUST))
    fail(`${stdout.trim()} is too old: ${OLDEST_RUST.join(".")} or later is needed: rustup update stable`);
}

function isOlder(version, oldest) {
  const [major = 0, minor = 0] = version;
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

/** The Debian packages of the listed programs and files that are not on this machine. */
export function missingDebianPackages(programs = PROGRAMS, files = FILES) {
  const missing = new Set();
  for (const [program, debian] of Object.entries(programs)) if (!isOnPath(program)) missing.add(debian);
  for (const [file, debian] of Object.entries(files)) if (!existsSync(file)) missing.add(debian);
  return [...missing];
}

/** Is there a program of that name? */
export function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Installs them with apt-get, as root or through sudo, and says so. */
export function installDebianPackages(names) {
  if (names.length === 0) return;
  if (!isOnPath("apt-get"))
    fail(`missing: ${names.join(", ")}: install them with this system's package manager`);
  const sudo = process.getuid() === 0 ? [] : ["sudo"];
  if (sudo.length > 0 && !isOnPath("sudo"))
    fail(`missing: ${names.join(", ")}: run \`apt-get install ${names.join(" ")}\` as root`);
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, "apt-get", ...args];
    run(command, rest, { env: { DEBIAN_FRONTEND: "noninteractive" }, quiet: true });
  };
  say(`installing Debian packages: ${names.join(", ")}`);
  apt("update", "-qq");
  apt("install", "-y", "-qq", "--no-install-recommends", ...names);
}

function installNpmPackages() {
  const lock = join(root, "package-lock.json");
  const installed = join(root, "node_modules/.package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say("installing npm packages (npm ci)");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { quiet: true });
}
