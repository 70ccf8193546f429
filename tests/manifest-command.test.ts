// The command `uk-manifest`, and the same as a part of `uk`: a drop-in for solo5-elftool (ABI sections 1.1, 1.3, 1.6, 1.7).
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createManifest, encodeNote, format, toC } from "@uk/manifest";
import { beforeAll, describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { image } from "./support/image-corpus.ts";
import { hasNamespaces, inNamespace, whyNot } from "./support/namespace.ts";
import { BIN, type Ended, ended, execute } from "./support/uk.ts";
import { root, workspace } from "./support/workspace.ts";

const folder = workspace();
const MANIFEST_BIN = fileURLToPath(import.meta.resolve("@uk/manifest/package.json")).replace(
  "package.json",
  "bin/uk-manifest.mjs",
);
const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const C = toC(MANIFEST);
const LARGE = createManifest(
  Array.from({ length: 63 }, (_, at) => ({ name: `device${at}`, type: "NET_BASIC" as const })),
);
const ABI = '{\n  "type": "solo5.abi",\n  "target": "spt",\n  "version": 2\n}\n';

writeFileSync(join(folder, "app.json"), format(MANIFEST));
writeFileSync(join(folder, "large.json"), format(LARGE));
writeFileSync(
  join(folder, "bad.json"),
  '{\n  "type": "solo5.manifest",\n  "version": 1.0,\n  "devices": []\n}',
);
writeFileSync(
  join(folder, "many.json"),
  JSON.stringify({
    ...MANIFEST,
    devices: Array.from({ length: 64 }, (_, i) => ({ name: `n${i}`, type: "NET_BASIC" })),
  }),
);

beforeAll(async () => {
  await build(guest("hello"), folder);
});

/** Either name of the command, and what its lines begin with. */
const WAYS = [
  { way: "uk-manifest", words: [MANIFEST_BIN], prefix: "uk-manifest" },
  { way: "uk manifest", words: [BIN, "manifest"], prefix: "uk" },
];

/** Runs `uk-manifest` in the folder. */
function run(...words: string[]): Promise<Ended> {
  return execute(process.execPath, [MANIFEST_BIN, ...words], { cwd: folder });
}

/** Runs a line of bash in the folder, in which `uk-manifest` is there to be found. */
function shell(line: string, cwd = folder): Promise<Ended> {
  const bin = join(root, "node_modules/.bin");
  return execute("bash", ["-c", line], { cwd, env: { PATH: `${bin}:${process.env.PATH}` } });
}

describe.each(WAYS)("$way", ({ way, words, prefix }) => {
  const run = (...more: string[]): Promise<Ended> =>
    execute(process.execPath, [...words, ...more], { cwd: folder });

  it("makes C of a manifest", async () => {
    const output = `${prefix}.c`;
    expect(await run("gen-manifest", "app.json", output)).toEqual({
      status: 0,
      signal: null,
      stdout: "",
      stderr: "",
    });
    expect(readFileSync(join(folder, output), "utf8")).toBe(C);
  });

  it("prints C of a manifest that comes from standard input", async () => {
    const child = spawn(process.execPath, [...words, "gen-manifest", "-", "-"], { stdio: "pipe" });
    child.stdin?.end(format(MANIFEST));
    expect(await ended(child)).toMatchObject({ status: 0, stdout: C, stderr: "" });
  });

  it("prints manifest and ABI of an image", async () => {
    const manifest = await run("query-manifest", "hello.spt");
    expect(manifest).toMatchObject({ status: 0, stdout: format(createManifest([])), stderr: "" });
    expect(await run("query-abi", "hello.spt")).toMatchObject({ status: 0, stdout: ABI, stderr: "" });
  });

  it.each([
    { words: ["gen-manifest"], why: "gen-manifest: SOURCE is missing" },
    { words: ["gen-manifest", "app.json"], why: "gen-manifest: OUTPUT is missing" },
    { words: ["gen-manifest", "app.json", "never.c", "x"], why: "gen-manifest: too many operands" },
    { words: ["query-manifest"], why: "query-manifest: BINARY is missing" },
    { words: ["query-abi", "hello.spt", "x"], why: "query-abi: too many operands" },
    { words: ["gen-manifest", "--help"], why: "" },
    { words: ["query-abi", "--version"], why: "" },
  ])("says how it is used, and fails: $words", async ({ words, why }) => {
    const { status, stdout, stderr } = await run(...words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.startsWith(why && `${prefix}: ${why}\n`)).toBe(true);
    expect(stderr).toMatch(new RegExp(`^${way} \\d+\\.\\d+\\.\\d+$`, "m"));
    for (const usage of ["gen-manifest SOURCE OUTPUT", "query-manifest BINARY", "query-abi BINARY"])
      expect(stderr).toContain(`  ${way} ${usage}\n`);
    expect(readdirSync(folder)).not.toContain("never.c");
  });

  it("says what is wrong where, in a line", async () => {
    expect(await run("gen-manifest", "bad.json", "never.c")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: `${prefix}: bad.json:3:14: .version: expected INTEGER, found REAL\n`,
    });
    expect(readdirSync(folder)).not.toContain("never.c");
  });
});

describe("uk-manifest", () => {
  it.each([
    { words: [], why: "no command is given" },
    { words: ["--help"], why: "" },
    { words: ["--version"], why: "" },
    { words: ["frobnicate"], why: 'unknown command "frobnicate"' },
    { words: ["toString", "app.json"], why: 'unknown command "toString"' },
  ])("says how it is used, and fails: $words", async ({ words, why }) => {
    const { status, stdout, stderr } = await run(...words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^uk-manifest \d+\.\d+\.\d+\n\nUSAGE\n/m);
    expect(stderr.startsWith(why && `uk-manifest: ${why}\n`)).toBe(true);
  });

  it("is found by npx under the name of its package", async () => {
    const { status, stdout } = await execute("npx", ["--offline", "@uk/manifest", "query-abi", "hello.spt"], {
      cwd: folder,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: ABI });
  });

  it.each([
    {
      words: ["gen-manifest", "none.json", "-"],
      says: "none.json: cannot read the manifest: no such file or directory",
    },
    { words: ["gen-manifest", ".", "-"], says: ".: cannot read the manifest: it is a directory" },
    {
      words: ["gen-manifest", "/dev/zero", "-"],
      says: "/dev/zero: (root): expected at most 1048576 bytes, found 1048577",
    },
    {
      words: ["gen-manifest", "many.json", "-"],
      says: /^many\.json:1:\d+: \.devices: .*too many entries, maximum 63/,
    },
    {
      words: ["gen-manifest", "app.json", "app.json"],
      says: /^app\.json: cannot write the C source: it is the file that is read/,
    },
    {
      words: ["gen-manifest", "app.json", "none/x.c"],
      says: /^none\/x\.c: cannot write the C source: .*no such file/,
    },
    {
      words: ["gen-manifest", "app.json", "/dev/full"],
      says: "/dev/full: cannot write the C source: no space left on the device",
    },
    {
      words: ["query-manifest", "none.spt"],
      says: "none.spt: cannot read the image: no such file or directory",
    },
    { words: ["query-manifest", "app.json"], says: "app.json: image: NOT_ELF: not an ELF file" },
    { words: ["query-manifest", "."], says: ".: cannot read the image: it is a directory" },
    {
      words: ["query-abi", "/dev/zero"],
      says: /^\/dev\/zero: cannot read the image: it has more than \d+ bytes/,
    },
    {
      words: ["query-manifest", "\u001b[31m\u202e\n"],
      says: "\\u001b[31m\\u202e\\u000a: cannot read the image: no such file or directory",
    },
  ])("names what is wrong in a line: $words", async ({ words, says }) => {
    const { status, stdout, stderr } = await run(...words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^uk-manifest: [^\p{Cc}]+\n$/u);
    const said = stderr.slice("uk-manifest: ".length, -1);
    if (typeof says === "string") expect(said).toBe(says);
    else expect(said).toMatch(says);
  });

  it.each([
    {
      words: ["--json", "gen-manifest", "bad.json", "-"],
      error: {
        code: "WRONG_TYPE",
        message: "bad.json:3:14: .version: expected INTEGER, found REAL",
        issues: [
          {
            code: "WRONG_TYPE",
            path: ".version",
            line: 3,
            column: 14,
            expected: "INTEGER",
            found: "REAL",
            message: ".version: expected INTEGER, found REAL",
          },
        ],
      },
    },
    {
      words: ["query-abi", "app.json", "--json"],
      error: { code: "NOT_ELF", message: "app.json: image: NOT_ELF: not an ELF file", issues: [] },
    },
    {
      words: ["query-manifest", "--json", "none"],
      error: { code: "READ", message: "none: cannot read the image: no such file or directory", issues: [] },
    },
    {
      words: ["gen-manifest", "app.json", "/dev/full", "--json"],
      error: {
        code: "WRITE",
        message: "/dev/full: cannot write the C source: no space left on the device",
        issues: [],
      },
    },
    {
      words: ["query-abi", "--json"],
      error: { code: "USAGE", message: "query-abi: BINARY is missing", issues: [] },
    },
  ])("says it as JSON for tools: $words", async ({ words, error }) => {
    const { status, stdout, stderr } = await run(...words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({ error });
    expect(stderr).toMatch(/^[^\p{Cc}]+\n$/u);
  });

  it("names all that is wrong in a manifest, a line each", async () => {
    const devices = [{ name: "a b", type: "NET" }, {}];
    writeFileSync(join(folder, "worse.json"), JSON.stringify({ ...MANIFEST, version: 2, devices }, null, 1));
    const { status, stderr } = await run("gen-manifest", "worse.json", "-");
    expect(status).toBe(1);
    expect(stderr.split("\n").map((line) => line.replace(/: expected.*/, ""))).toEqual([
      "uk-manifest: worse.json:3:13: .version",
      "uk-manifest: worse.json:6:12: .devices[0].name",
      "uk-manifest: worse.json:7:12: .devices[0].type",
      "uk-manifest: worse.json:9:3: .devices[1].name",
      "uk-manifest: worse.json:9:3: .devices[1].type",
      "",
    ]);
    const json = await run("--json", "gen-manifest", "worse.json", "-");
    expect(JSON.parse(json.stderr).error.issues).toHaveLength(5);
  });

  it("takes a file that is called like the option", async () => {
    copyFileSync(join(folder, "app.json"), join(folder, "--json"));
    expect(await run("gen-manifest", "./--json", "-")).toMatchObject({ status: 0, stdout: C });
  });
});

describe("standard streams, and pipes", () => {
  it.each([
    "uk-manifest gen-manifest <(cat app.json) -",
    "uk-manifest gen-manifest /dev/stdin /dev/stdout < app.json",
    "cat app.json | uk-manifest gen-manifest - /dev/stdout | cat",
    "(sleep 0.2; cat app.json) | uk-manifest gen-manifest /dev/stdin -",
    "uk-manifest gen-manifest app.json >(cat) | cat",
    "mkfifo in out; cat app.json > in & uk-manifest gen-manifest in out & cat out; rm in out",
  ])("are read and written: %s", async (line) => {
    expect(await shell(line)).toMatchObject({ status: 0, stdout: C, stderr: "" });
  });

  it.each([
    "uk-manifest query-abi - < hello.spt",
    "cat hello.spt | uk-manifest query-abi -",
    "uk-manifest query-abi <(cat hello.spt)",
  ])("bring an image: %s", async (line) => {
    expect(await shell(line)).toMatchObject({ status: 0, stdout: ABI, stderr: "" });
  });

  it("stand where a file stands, when they lead to one", async () => {
    const line =
      "(echo begin; uk-manifest gen-manifest app.json /dev/stdout; uk-manifest gen-manifest app.json -; echo end) > log";
    expect(await shell(line)).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(folder, "log"), "utf8")).toBe(`begin\n${C}${C}end\n`);
  });

  it("that do not block are waited for", async () => {
    const fifo = join(folder, "slow");
    await execute("mkfifo", [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(fifo, constants.O_WRONLY);
    const child = spawn(process.execPath, [MANIFEST_BIN, "gen-manifest", "-", "-"], {
      stdio: [reader, "pipe", "pipe"],
    });
    await sleep(300);
    writeSync(writer, format(MANIFEST));
    closeSync(writer);
    expect(await ended(child)).toMatchObject({ status: 0, stdout: C, stderr: "" });
    closeSync(reader);
  });

  it.each([
    { line: "uk-manifest query-manifest hello.spt > /dev/full", why: "no space left on the device" },
    { line: "uk-manifest gen-manifest app.json - > /dev/full", why: "no space left on the device" },
    {
      line: "set -o pipefail; (sleep 0.5; uk-manifest gen-manifest app.json -) | true",
      why: "broken pipe",
    },
    {
      line: "set -o pipefail; (sleep 0.5; uk-manifest query-abi hello.spt) | true",
      why: "broken pipe",
    },
  ])("that take no more are an error in a line: $line", async ({ line, why }) => {
    const { status, stderr } = await shell(line);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^uk-manifest: -: cannot write [^\\n]*: ${why}\\n$`));
  });

  it("that nobody listens to do not change the status", async () => {
    expect(await shell("uk-manifest gen-manifest none.json - 2> /dev/full")).toMatchObject({ status: 1 });
    expect(await shell("uk-manifest gen-manifest none.json - 2>&-")).toMatchObject({ status: 1 });
  });
});

describe("a large image", () => {
  it("is read where its notes are, whatever its size", async () => {
    const path = join(folder, "large.spt");
    copyFileSync(join(folder, "hello.spt"), path);
    truncateSync(path, 8 * 2 ** 30);
    expect(await run("query-abi", path)).toMatchObject({ status: 0, stdout: ABI });
  });
});

it("no note can bring what a terminal would obey", async () => {
  const note = encodeNote(createManifest([{ name: "disk", type: "BLOCK_BASIC" }]));
  note.set(Buffer.from("\u001b[2J"), 32 + 104);
  writeFileSync(join(folder, "hostile.spt"), image({ manifest: Buffer.from(note) }));
  const { status, stdout, stderr } = await run("query-manifest", "hostile.spt");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^uk-manifest: hostile\.spt: [^\p{Cc}]+\\u001b\[2J[^\p{Cc}]*\n$/u);
});

/** Which of its steps a process is killed at: before the STEPth of these calls, and writes are of some bytes only. */
const KILLER = `data:text/javascript,${encodeURIComponent(`
  import fs, { writeSync } from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  let left = Number(process.env.STEP);
  for (const name of ["openSync", "fchmodSync", "writeSync", "closeSync", "renameSync"]) {
    const call = fs[name];
    fs[name] = (...words) => {
      if (--left === 0) process.kill(process.pid, "SIGKILL");
      return call(...words);
    };
  }
  const write = fs.writeSync;
  fs.writeSync = (fd, bytes, at) => write(fd, bytes, at, Math.min(1000, bytes.length - at));
  syncBuiltinESMExports();
`)}`;

describe("an output", () => {
  const place = mkdtempSync(join(folder, "killed-"));
  const output = join(place, "out.c");
  const OLD = "/* the old one */\n";
  const NEW = toC(LARGE);
  const words = ["gen-manifest", join(folder, "large.json"), output];

  /** The output is whole, and at most one other file is there, which goes. */
  function expectWhole(): string {
    const others = readdirSync(place).filter((name) => name !== "out.c");
    expect(others.length).toBeLessThanOrEqual(1);
    for (const name of others) {
      expect(name).toMatch(/^\.uk-[0-9a-f-]{36}\.tmp$/);
      rmSync(join(place, name));
    }
    const text = readFileSync(output, "utf8");
    expect([OLD, NEW]).toContain(text);
    return text;
  }

  it("is whole, the old one or the new, at whichever step the command is killed", async () => {
    const found: string[] = [];
    for (let last = false; !last; ) {
      writeFileSync(output, OLD);
      const { signal } = await execute(process.execPath, ["--import", KILLER, MANIFEST_BIN, ...words], {
        env: { STEP: `${found.length + 1}` },
      });
      last = signal === null;
      found.push(expectWhole());
    }
    const renamed = found.indexOf(NEW);
    // It opens two files, and writes one of them piece by piece.
    expect(renamed).toBeGreaterThan(8);
    expect(found.map((text) => text === NEW)).toEqual(found.map((_, step) => step >= renamed));
  });

  it("is whole whenever the command is killed", async () => {
    for (let round = 0; round < 30; round++) {
      writeFileSync(output, OLD);
      const child = spawn(process.execPath, [MANIFEST_BIN, ...words], { stdio: "ignore" });
      const timer = setTimeout(() => child.kill("SIGKILL"), 20 + Math.random() * 60);
      await ended(child);
      clearTimeout(timer);
      expectWhole();
    }
  });

  describe.skipIf(!hasNamespaces)(`in a place that it cannot have${whyNot}`, () => {
    const tool = `"$node" "${MANIFEST_BIN}"`;
    let place: string;
    beforeAll(() => {
      place = join(folder, "places");
      mkdirSync(place);
      copyFileSync(join(folder, "large.json"), join(place, "large.json"));
    });

    it.each([
      {
        why: "on a full disk",
        script: "mkdir full; mount -t tmpfs -o size=4k none full; OUT=full/out.c",
        says: "full/out.c: cannot write the C source: no space left on the device",
      },
      {
        why: "where another file is mounted",
        script:
          "mkdir mounted; echo old > mounted/out.c; mount --bind large.json mounted/out.c; OUT=mounted/out.c",
        says: /^mounted\/out\.c: cannot write the C source: it is the file that is read/,
      },
      {
        why: "where yet another file is mounted",
        script:
          "mkdir busy; echo old > busy/out.c; echo other > other; mount --bind other busy/out.c; OUT=busy/out.c",
        says: /^busy\/out\.c: cannot write the C source: no other file can take its place.*: resource busy or locked$/,
      },
      {
        why: "in a file system that is read-only",
        script: "mkdir ro; mount -t tmpfs -o ro none ro; OUT=ro/out.c",
        says: /^ro\/out\.c: cannot write the C source: .*the file system is read-only$/,
      },
      {
        why: "in a folder of somebody else",
        script: 'mkdir theirs; OUT=theirs/out.c; as="setpriv --reuid=65534 --clear-groups"',
        says: "theirs/out.c: cannot write the C source: no file can be made in its folder: permission denied",
      },
      {
        why: "in a file of somebody else in one's own folder",
        script:
          'mkdir own; echo old > own/out.c; chmod 777 own; OUT=own/out.c; as="setpriv --reuid=65534 --clear-groups"',
        says: "own/out.c: cannot write the C source: permission denied",
      },
    ])("is refused in a line, and nothing is left: $why", async ({ script, says }) => {
      const { stdout, stderr } = await inNamespace(
        place,
        `chmod 755 .. .; ${script}; $as ${tool} gen-manifest large.json $OUT || echo "status $?"; ls -A "$(dirname $OUT)"`,
      );
      const said = stderr.replace("uk-manifest: ", "").trimEnd();
      if (typeof says === "string") expect(said).toBe(says);
      else expect(said).toMatch(says);
      expect(stdout).toMatch(/^status 1\n(out\.c\n)?$/);
    });
  });
});

describe("a Makefile that was made for solo5-elftool", () => {
  const missing = ["make", "gcc", "objcopy"].filter((tool) => spawnSync(tool, ["--version"]).status !== 0);
  const why = missing.length === 0 ? "" : ` (skipped: no ${missing.join(", no ")})`;

  describe.skipIf(missing.length > 0).each([
    { header: "a header written from the document", include: "packages/manifest/src/testing" },
    { header: "the header of @uk/manifest", include: "packages/manifest/include" },
  ])(`works with $header${why}`, ({ include }) => {
    it.each([
      { devices: "no devices", manifest: createManifest([]) },
      { devices: "two devices", manifest: MANIFEST },
      { devices: "all devices that there may be", manifest: LARGE },
    ])("for $devices", async ({ manifest }) => {
      const project = mkdtempSync(join(folder, "project-"));
      cpSync(join(root, "tests/elftool"), project, { recursive: true });
      writeFileSync(join(project, "app.json"), format(manifest));
      const made = await shell(`make INCLUDE=${join(root, include)}`, project);
      expect(made).toMatchObject({ status: 0, stderr: "" });
      expect(readFileSync(join(project, "manifest.json"), "utf8")).toBe(format(manifest));
      expect(readFileSync(join(project, "abi.json"), "utf8")).toBe(ABI.replace("spt", "hvt"));
      await shell("objcopy -O binary -j .note.solo5.manifest app.hvt note", project);
      expect(new Uint8Array(readFileSync(join(project, "note")))).toEqual(encodeNote(manifest));
    });

    it("and makes nothing again that is new enough, and everything of a manifest that has changed", async () => {
      const project = mkdtempSync(join(folder, "project-"));
      cpSync(join(root, "tests/elftool"), project, { recursive: true });
      const make = `make INCLUDE=${join(root, include)}`;
      writeFileSync(join(project, "app.json"), format(MANIFEST));
      await shell(make, project);
      expect((await shell(make, project)).stdout).toMatch(/Nothing to be done/);
      writeFileSync(join(project, "app.json"), "{}");
      expect(await shell(`sleep 0.01; touch app.json; ${make}`, project)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/^uk-manifest: app\.json:1:1: /),
      });
      expect(readFileSync(join(project, "manifest.c"), "utf8")).toBe(C);
      writeFileSync(join(project, "app.json"), format(LARGE));
      expect(await shell(make, project)).toMatchObject({ status: 0 });
      expect(readFileSync(join(project, "manifest.json"), "utf8")).toBe(format(LARGE));
    });
  });
});
