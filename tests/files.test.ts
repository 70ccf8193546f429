// Files that a user names to `uk`, or that lie beside an image: whatever they are, `uk` answers at once, in a line.
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { image } from "./support/image-corpus.ts";
import { BIN, type Ended, execute, uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
const good = join(folder, "good/hello.spt");
const HELLO = { status: 0, stdout: "Hello World\n" };
/** What `uk` says when something is wrong: one line, without a character that a terminal would obey. */
const ONE_LINE = /^uk: [^\p{Cc}]+\n$/u;
let server: Server;

beforeAll(async () => {
  await build(guest("hello"), dirname(good));
  for (const name of ["fifo", "fifo.map", "fifo.ts"]) await execute("mkfifo", [join(folder, name)]);
  for (const name of ["large", "large.map", "large.ts"]) {
    writeFileSync(join(folder, name), "");
    truncateSync(join(folder, name), (64 << 20) + 1);
  }
  server = createServer().listen(join(folder, "socket"));
  writeFileSync(join(folder, "trace.log"), "    at f (hello.js:1:1)\n");
  writeFileSync(join(folder, "imports-fifo.ts"), 'import "./fifo.ts";\n');
});
afterAll(() => server.close());

/** What `uk` says in a process that does not outlive the test, should it wait for ever or take all memory. */
function answer(words: readonly string[], input = ""): Promise<Ended> {
  const script = `ulimit -t 50; exec timeout --signal=KILL 50 "$@" ${input}`;
  return execute("sh", ["-c", script, "sh", process.execPath, BIN, ...words], { cwd: folder });
}

describe("a file that is not a regular one", () => {
  it.concurrent.each([
    { words: ["run", "fifo"], says: "fifo: cannot read the image: it is not a regular file" },
    { words: ["run", "/dev/zero"], says: "/dev/zero: cannot read the image: it is not a regular file" },
    { words: ["run", "socket"], says: "socket: cannot read the image: it is not a regular file" },
    { words: ["run", "."], says: ".: cannot read the image: it is a directory" },
    { words: ["inspect", "fifo"], says: "fifo: cannot read the image: it is not a regular file" },
    {
      words: ["inspect", "/dev/zero", "--json"],
      says: "/dev/zero: cannot read the image: it is not a regular file",
    },
    { words: ["symbolicate", "fifo"], says: "fifo: cannot read the log: it is not a regular file" },
    { words: ["symbolicate", "/dev/zero"], says: "/dev/zero: cannot read the log: it is not a regular file" },
    {
      words: ["symbolicate", "trace.log", "--map=fifo.map"],
      says: "fifo.map: cannot read the source map: it is not a regular file",
    },
    { words: ["build", "fifo.ts"], says: "fifo.ts: cannot read the module: it is not a regular file" },
    {
      words: ["build", "/dev/zero"],
      says: /^uk: \S*dev\/zero: cannot read the module: it is not a regular file\n/,
    },
    {
      words: ["build", "imports-fifo.ts"],
      says: /^uk: (\S+ )?fifo\.ts: cannot read the module: it is not a regular file\n/,
    },
    { words: ["manifest", "fifo.ts"], says: "fifo.ts: cannot read the module: it is not a regular file" },
    {
      words: ["dev", "--no-watch", "fifo.ts"],
      says: "fifo.ts: cannot read the module: it is not a regular file",
    },
  ])("is refused at once: uk $words", async ({ words, says }) => {
    const { status, stdout, stderr } = await answer(words);
    if (typeof says === "string") expect(stderr).toBe(`uk: ${says}\n`);
    else expect(stderr).toMatch(says);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });

  it("is refused by the tender as well, should it take the image's place", async () => {
    const { stdout: tender } = await uk(["which", "spt"]);
    const ended = await execute(tender.trim(), [join(folder, "fifo")]);
    expect(ended).toMatchObject({ status: 1, stderr: expect.stringContaining("is not a regular file") });
  });
});

describe("a file that is too large to be held", () => {
  it.concurrent.each([
    { words: ["symbolicate", "large"], what: "large: cannot read the log" },
    {
      words: ["symbolicate", "trace.log", "--map", "large.map"],
      what: "large.map: cannot read the source map",
    },
    { words: ["build", "large.ts"], what: "large.ts: cannot read the module" },
  ])("is refused: uk $words", async ({ words, what }) => {
    const { status, stderr } = await answer(words);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `uk: ${what}: it has 67108865 bytes, of which at most 67108864 are read\n`,
    });
  });

  it("is refused on standard input as well", async () => {
    const { status, stderr } = await answer(["symbolicate", "-"], "< /dev/zero");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^uk: -: cannot read the log: /),
    });
  });
});

describe("a large image", () => {
  it("that has a tail of holes runs and is shown, as its tender takes it", async () => {
    const big = join(folder, "big.spt");
    copyFileSync(good, big);
    truncateSync(big, 3 * 2 ** 30);
    expect(await uk(["run", "--mem=16", big])).toMatchObject({ ...HELLO, stderr: "" });
    const { status, stdout } = await uk(["inspect", big, "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      sizes: { file: 3 * 2 ** 30 },
      program: { size: expect.any(Number) },
    });
  });

  it("that needs more than the default memory runs with as much as it was given", async () => {
    const path = join(folder, "needs-600-mib.spt");
    const bss = { type: 1, flags: 6, vaddr: 0x200000, offset: 0, memsz: 600 << 20 };
    writeFileSync(path, image({ more: [bss] }));
    expect(await uk(["run", "--mem=1024", path])).toMatchObject({ status: 0, stderr: "" });
    const { status, stderr } = await uk(["run", path]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^solo5-spt: [^\n]*it needs at least --mem=602\n$/);
    expect((await uk(["inspect", path])).stdout).toContain("image end   0x25a00000\n");
  });
});

/** A program that throws in a line of its own, built, with this in the place of its map. */
async function runWithMap(name: string, map: string | Uint8Array | undefined): Promise<Ended> {
  const place = join(folder, `map ${name}`);
  mkdirSync(place);
  const entry = join(place, "throws.ts");
  writeFileSync(entry, "function fails(): never {\n  throw new Error('here');\n}\nfails();\n");
  await uk(["build", entry, "--out-dir", place, "--target=spt"]);
  if (map === undefined) {
    await execute("rm", [join(place, "throws.map")]);
    await execute("mkfifo", [join(place, "throws.map")]);
  } else writeFileSync(join(place, "throws.map"), map);
  return uk(["run", join(place, "throws.spt")]);
}

const MAP = { version: 3, names: [], sources: ["a.ts"], mappings: "AAAA;".repeat(20) };

describe("a source map beside an image", () => {
  it.concurrent.each<{ why: string; map: string | Uint8Array | undefined; says?: string }>([
    { why: "is a pipe", map: undefined, says: "it is not a regular file" },
    { why: "is empty", map: "" },
    { why: "is no JSON", map: '{"version":3,' },
    { why: "is no object", map: "null" },
    { why: "is not UTF-8", map: Uint8Array.of(0xff, 0xfe, 0) },
    { why: "has no mappings", map: JSON.stringify({ ...MAP, mappings: undefined }) },
    { why: "has mappings of another type", map: JSON.stringify({ ...MAP, mappings: [5] }) },
    { why: "has no sources", map: JSON.stringify({ ...MAP, sources: undefined }) },
    { why: "has sources of another type", map: JSON.stringify({ ...MAP, sources: [5] }) },
    { why: "has a root of another type", map: JSON.stringify({ ...MAP, sourceRoot: {} }) },
    {
      why: "has more lines than a bundle",
      map: JSON.stringify({ ...MAP, mappings: ";".repeat((1 << 20) + 1) }),
    },
    { why: "is nested without end", map: "[".repeat(1_000_000) },
  ])(
    "that $why is named in a line, and the image runs without",
    async ({ why, map, says = "not a source map" }) => {
      const { status, stdout, stderr } = await runWithMap(why, map);
      expect(stdout).toMatch(/Error: here\n {4}at fails \(throws\.js:\d+:\d+\)\n/);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toMatch(/^uk: warning: \S.*\/throws\.map: cannot read the source map: /);
      expect(stderr).toContain(`${says}; stack traces show places in the bundle\n`);
      expect(status).toBe(1);
    },
  );

  it.concurrent.each([
    {
      why: "whose mappings make no sense",
      map: { ...MAP, mappings: "!!!!;????;\u0000é😀;AAAAAAAAAAAAAAAAAAA".repeat(50) },
    },
    { why: "whose places are outside", map: { ...MAP, mappings: "+////D+////D+////D+////D;".repeat(20) } },
    { why: "without a source for a place", map: { ...MAP, sources: [null] } },
  ])("$why does no harm", async ({ why, map }) => {
    const { status, stdout, stderr } = await runWithMap(why, JSON.stringify(map));
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toMatch(/Error: here\n {4}at fails \(.+:-?\d+:-?\d+\)\n/);
  });

  it("that is of another build is named in a line, and the image runs without", async () => {
    const debugId = "11111111-1111-8111-8111-111111111111";
    const { status, stdout, stderr } = await runWithMap("other", JSON.stringify({ ...MAP, debugId }));
    expect(stdout).toMatch(/Error: here\n {4}at fails \(throws\.js:\d+:\d+\)\n/);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`of another build than the image: its debug id is ${debugId}, the image's `);
    expect(status).toBe(1);
  });

  it("has its names shown with control characters made visible", async () => {
    const sources = ["\u001b]0;title\u0007\u001b[31m\u009b2Ja\r\n\u202e.ts"];
    const { stdout } = await runWithMap("hostile", JSON.stringify({ ...MAP, sources }));
    expect(stdout).toContain(
      "at fails (\\u001b]0;title\\u0007\\u001b[31m\\u009b2Ja\\u000d\\u000a\\u202e.ts:1:1)\n",
    );
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});

describe("text from files", () => {
  it.concurrent.each([
    {
      why: "an error in a source",
      source: "const a = '\u001b[31m\u009b1m\u202e' 5;\n",
      says: /Expected ";" but found "5"/,
    },
    {
      why: "an error that only the engine finds",
      source: "console.log('\u001b[31m', /(?<n>a)(?<n>b)/);\n",
      says: /duplicate group name/,
    },
    { why: "what cannot be found", source: 'import "./\u001b[31m\u0007.ts";\n', says: /Could not resolve/ },
  ])("is shown with control characters made visible: $why", async ({ why, source, says }) => {
    const entry = join(folder, `${why.replaceAll(" ", "-")}.ts`);
    writeFileSync(entry, source);
    const { status, stderr } = await uk(["build", entry, "--out-dir", join(folder, why)]);
    expect(status).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(stderr).toContain("\\u001b[31m");
  });

  it("has names of files shown in the same way", async () => {
    const name = "\u001b[31mred\u0007.ts";
    writeFileSync(join(folder, name), "const a = ;\n");
    for (const words of [
      ["build", name],
      ["run", "\u001b[31mnone.spt"],
      ["inspect", "\u009b2J.spt"],
    ]) {
      const { stderr } = await uk(words, { cwd: folder });
      expect(stderr.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
      expect(stderr).toMatch(/^uk: \\u00(1b\[31m|9b2J)/);
    }
  });

  it("never brings a device's name that a terminal would obey: no reader takes such a manifest", async () => {
    const path = join(folder, "named.spt");
    const manifest = Buffer.alloc(20 + 12 + 2 * 104);
    manifest.writeUInt32LE(6, 0);
    manifest.writeUInt32LE(12 + 2 * 104, 4);
    manifest.writeUInt32LE(0x3154464d, 8);
    manifest.write("Solo5\0", 12);
    manifest.writeUInt32LE(1, 24);
    manifest.writeUInt32LE(2, 28);
    manifest.writeUInt32LE(0x40000000, 32 + 68);
    manifest.write("\u001b[31mred", 136);
    manifest.writeUInt32LE(1, 136 + 68);
    writeFileSync(path, image({ manifest }));
    for (const command of ["inspect", "run"]) {
      const { stderr, status } = await uk([command, path]);
      expect(status).toBe(1);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain("BAD_NAME");
      expect(stderr).toContain("\\u001b[31mred");
    }
  });
});
