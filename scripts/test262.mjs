// The language's own test suite (test262), language and built-ins, in images and natively: `npm run test262 -- DIR`.
// DIR is a checkout of tc39/test262. Each test is run in a guest of its own, as INTERPRETING.md there wants it, and in a
// program of the host with the same engine; both must fail where tests/test262/expected-failures.txt says, and nowhere else.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { expectedOn, formatExpected, parseExpected, updateExpected } from "./lib/test262/expected.mjs";
import { failure, machines, Runner, writeTest } from "./lib/test262/machines.mjs";
import { readTest, revisionOf, runOf, testsIn, variantsOf } from "./lib/test262/suite.mjs";
import { ensureBuilt, fail, root, run, say } from "./lib/workspace.mjs";

const USAGE = `usage: npm run test262 -- DIR [options]
  DIR                a checkout of https://github.com/tc39/test262
  --filter GLOB      only tests whose path matches, e.g. 'test/built-ins/Map/**'
  --only MACHINE     only in images (image), or only natively (native)
  --jobs N           tests that run at once; one for each processor without it
  --seconds N        processor time that a test may take; 10 without it
  --update           rewrite the list of expected failures; explanations stay
  --expected FILE    the list; ${relative(root, expectedFile())} without it`;

const { folder, filter, whole, only, jobs, seconds, update, list } = options();
ensureBuilt({ quiet: true });
run(process.execPath, [join(root, "packages/runtime/scripts/build.mjs"), "--test262"], { quiet: true });

const expected = readExpected();
const revision = revisionOf(folder);
if (revision !== expected.revision)
  say(
    `the list is for test262 at ${expected.revision}, and this is ${revision ?? "no checkout that says what it is"}`,
  );

const work = mkdtempSync(join(tmpdir(), "uk-test262-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const parts = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "guest-images/test262");
const all = Object.entries(await machines({ parts, folder: work }));
const chosen = all.filter(([name]) => only === undefined || name === only);
const started = performance.now();
const { results, skipped } = await runAll();
process.exitCode = update ? rewrite() : judge();

function expectedFile() {
  return join(root, "tests/test262/expected-failures.txt");
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        filter: { type: "string" },
        only: { type: "string" },
        jobs: { type: "string", default: String(availableParallelism()) },
        seconds: { type: "string", default: "10" },
        update: { type: "boolean", default: false },
        expected: { type: "string", default: expectedFile() },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0) fail(`test262: one folder is needed\n${USAGE}`);
    if (!existsSync(join(path, "harness/assert.js")) || !existsSync(join(path, "test")))
      fail(`test262: ${path} is no checkout of test262: it has no harness/assert.js, or no test`);
    if (values.only !== undefined && !["image", "native"].includes(values.only))
      fail(`test262: --only is image or native, not ${values.only}`);
    for (const name of ["jobs", "seconds"])
      if (!/^[1-9]\d?$/.test(values[name]))
        fail(`test262: --${name} is a number of 1 to 99, not ${values[name]}`);
    if (values.update && values.only !== undefined) fail("test262: --update needs both machines: no --only");
    return {
      ...values,
      folder: resolve(path),
      filter: values.filter === undefined ? /^/ : globExpression(values.filter),
      whole: values.filter === undefined,
      jobs: Number(values.jobs),
      list: values.expected,
    };
  } catch (error) {
    return fail(`test262: ${error.message}\n${USAGE}`);
  }
}

/** `*` and `?` stay within a folder, `**` does not; `{a,b}` is one of them. */
function globExpression(glob) {
  const part = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|" };
  const source = glob.replaceAll(/\*\*\/|\*\*|[^\w/]/g, (token) => part[token] ?? `\\${token}`);
  return new RegExp(`^${source}$`);
}

function readExpected() {
  if (!existsSync(list)) return parseExpected("");
  try {
    return parseExpected(readFileSync(list, "utf8"));
  } catch (error) {
    return fail(`test262: ${list}: ${error.message}`);
  }
}

/** Runs everything; the results have the order of the tests, whoever was done first. */
async function runAll() {
  const waiting = testsIn(folder).filter((path) => filter.test(path));
  if (waiting.length === 0) fail("test262: there is no such test");
  const results = [];
  let [next, skipped] = [0, 0];
  const worker = async (_, index) => {
    const runner = new Runner(seconds);
    const file = join(work, `${index}.test`);
    for (let at = next++; at < waiting.length; at = next++) {
      const test = readTest(folder, waiting[at]);
      if (isSkipped(test)) {
        skipped += 1;
        continue;
      }
      results[at] = [];
      for (const variant of variantsOf(test)) {
        writeTest(file, runOf(folder, test, variant));
        const failures = {};
        for (const [name, command] of chosen) failures[name] = failure(test, await runner.run(command(file)));
        results[at].push({ name: `${test.path} ${variant}`, failures });
      }
      if (process.stdout.isTTY && at % 100 === 0) process.stdout.write(`\r${at} of ${waiting.length}\r`);
    }
    runner.close();
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return { results: results.flat().filter(Boolean), skipped };
}

/** Guests have no second agent to be woken by, and so may not block. */
function isSkipped({ flags, features }) {
  return flags.has("CanBlockIsTrue") || features.some((feature) => expected.skips.has(feature));
}

/** A test of that name was up to this run. */
function covered(name) {
  return filter.test(name.split(" ", 1)[0]);
}

/** Compares with the list; the status. */
function judge() {
  const surprises = [];
  const ran = new Set(results.map(({ name }) => name));
  for (const [machine] of chosen) {
    const due = expectedOn(machine, expected);
    for (const name of due)
      if (covered(name) && !ran.has(name))
        surprises.push(`${machine}: ${name} is in the list, but there is no such test`);
    for (const { name, failures } of results) {
      const why = failures[machine];
      if (why !== undefined && !due.has(name)) surprises.push(`${machine}: ${name} fails: ${why}`);
      if (why === undefined && due.has(name))
        surprises.push(`${machine}: ${name} passes, but is in the list of failures`);
    }
  }
  for (const line of surprises) console.log(line);
  summary(`${surprises.length} unexpected`);
  return surprises.length === 0 ? 0 : 1;
}

/** Writes the list anew; the status. */
function rewrite() {
  const failed = Object.fromEntries(
    chosen.map(([machine]) => [
      machine,
      new Set(results.filter(({ failures }) => failures[machine] !== undefined).map(({ name }) => name)),
    ]),
  );
  const made = whole ? { ...expected, revision } : expected;
  writeFileSync(list, formatExpected(updateExpected(made, covered, failed)));
  for (const { name, failures } of results) {
    const [why] = Object.values(failures).filter(Boolean);
    if (why !== undefined) console.log(`${name}: ${why}`);
  }
  summary(`${relative(process.cwd(), list)} is written`);
  return 0;
}

function summary(end) {
  const counts = chosen.map(([machine]) => {
    const failed = results.filter(({ failures }) => failures[machine] !== undefined).length;
    return `${machine}: ${results.length - failed} passed, ${failed} failed`;
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  say(`test262: ${counts.join("; ")}; ${skipped} tests skipped; ${seconds} s; ${end}`);
}
