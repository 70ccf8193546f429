// All tests: Rust's, then TypeScript's, which boot real images under the real tender. One summary.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureVm, kvmRunsGuests } from "./lib/vm.mjs";
import {
  ensureBuilt,
  installDebianPackages,
  missingDebianPackages,
  npx,
  root,
  say,
} from "./lib/workspace.mjs";

/** Programs that only tests call, and the Debian package that each is in. */
const PROGRAMS = { ip: "iproute2", ping: "iputils-ping", strace: "strace", gdb: "gdb-minimal" };

const update = process.argv.includes("--update");
const total = { passed: 0, failed: 0, skipped: 0 };
/** Root has what every test needs, so a test that is skipped has failed. Rust's tests look at the variable. */
const { UK_TEST_EVERYTHING = process.getuid() === 0 ? "1" : "0" } = process.env;
Object.assign(process.env, { UK_TEST_EVERYTHING });

installDebianPackages(missingDebianPackages(PROGRAMS, {}));
ensureBuilt();
// Where hvt guests run: said, and fetched, before the tests that need it.
if (kvmRunsGuests()) say("hvt guests run under KVM of this machine");
else {
  ensureVm();
  say("hvt guests run in a virtual machine that QEMU emulates: KVM of this machine does not execute them");
}
const ok = [testRust(), testTypeScript()].every(Boolean);
console.log(`uk: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
const tooFew = UK_TEST_EVERYTHING === "1" && total.skipped > 0;
if (tooFew) say("no test may be skipped: UK_TEST_EVERYTHING is 1, as it is for root unless it is set to 0");
process.exit(ok && total.failed === 0 && total.passed > 0 && !tooFew ? 0 : 1);

function testRust() {
  say("cargo test");
  const args = ["test", "--workspace", "--locked", "--no-fail-fast", "--quiet"];
  const { status, stdout } = spawnSync("cargo", args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  process.stdout.write(stdout);
  for (const [, passed, failed, ignored] of stdout.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)) {
    total.passed += Number(passed);
    total.failed += Number(failed);
    total.skipped += Number(ignored);
  }
  return status === 0;
}

function testTypeScript() {
  say("vitest");
  const folder = mkdtempSync(join(tmpdir(), "uk-test-"));
  const report = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const env = { UPDATE_GOLDEN: update ? "1" : "0" };
    const status = npx("vitest", ["run", ...reporters], { env, allowFailure: true });
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    for (const test of testResults.flatMap(({ assertionResults }) => assertionResults))
      if (!["passed", "failed"].includes(test.status)) console.log(`skipped: ${test.fullName}`);
    total.passed += numPassedTests;
    total.failed += numFailedTests;
    total.skipped += numPendingTests + numTodoTests;
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
