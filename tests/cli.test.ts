import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { TraceMap } from "@jridgewell/trace-mapping";
import { baseImagePath } from "@uk/runtime";
import { binaryPath as hvtTender } from "@uk/tender-hvt";
import { binaryPath } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { BIN, execute, startUk, uk } from "./support/uk.ts";
import { root, workspace } from "./support/workspace.ts";

const hello = join(root, "examples/hello");
const folder = workspace();
const image = join(folder, "built/hello.spt");
const HELLO_MANIFEST = '{"type":"solo5.manifest","version":1,"devices":[]}\n';
const OUTPUTS = [
  "hello.cdx.json",
  "hello.hvt",
  "hello.manifest.c",
  "hello.manifest.json",
  "hello.map",
  "hello.spt",
];

/** What `uk` says when something is wrong: one line, no stack. */
const ONE_LINE = /^uk: [^\n]+\n$/;

/** Writes a program that may import the packages; its path. */
function program(name: string, source: string): string {
  return file(join("programs", name), source);
}

/**
 * Writes a file into the workspace; its path. A name is written once: tests
 * run at the same time, and one could read what another is writing again.
 */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { flag: "wx" });
  return path;
}

beforeAll(async () => {
  const { status, stderr } = await uk(["build", hello, "--out-dir", dirname(image)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

describe("uk build", () => {
  beforeAll(() => {
    file("in-the-way", "mine");
  });

  it("writes both images, the manifest twice, the map and the bill of materials, and nothing else", () => {
    expect(readdirSync(dirname(image)).sort()).toEqual(OUTPUTS);
    expect(JSON.parse(readFileSync(join(dirname(image), "hello.manifest.json"), "utf8"))).toEqual(
      JSON.parse(HELLO_MANIFEST),
    );
    expect(readFileSync(join(dirname(image), "hello.manifest.c"), "utf8")).toContain("mft_abi.h");
  });

  it.concurrent.each([
    { why: "again", entry: hello, cwd: root },
    { why: "from another folder, with a relative path", entry: relative(folder, hello), cwd: folder },
    { why: "by its module", entry: "main.ts", cwd: hello },
  ])("gives identical bytes $why", async ({ why, entry, cwd }) => {
    const out = join(folder, `again ${why}`);
    const { status } = await uk(["build", entry, "--out-dir", out], { cwd });
    expect(status).toBe(0);
    expect(readdirSync(out).sort()).toEqual(OUTPUTS);
    for (const name of ["hello.spt", "hello.hvt", "hello.manifest.json", "hello.manifest.c"])
      expect(readFileSync(join(out, name)).equals(readFileSync(join(dirname(image), name))), name).toBe(true);
  });

  it.concurrent("names the output as --name says, and reports as JSON", async () => {
    const out = join(folder, "named");
    const { status, stdout } = await uk(["build", hello, `--out-dir=${out}`, "--name", "other", "--json"]);
    expect(status).toBe(0);
    expect(readdirSync(out).sort()).toEqual(OUTPUTS.map((name) => name.replace("hello", "other")));
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ name: "other", devices: [] });
    expect(report.images.map(({ target }: { target: string }) => target)).toEqual(["spt", "hvt"]);
    for (const { target, bytes } of report.images)
      expect(bytes).toBe(readFileSync(join(out, `other.${target}`)).length);
  });

  it.concurrent.each(["spt", "hvt"])("builds only for the target asked for: %s", async (target) => {
    const out = join(folder, `only ${target}`);
    expect(await uk(["build", hello, "--out-dir", out, "--target", target])).toMatchObject({ status: 0 });
    const others = OUTPUTS.filter((name) => !/\.(spt|hvt)$/.test(name));
    expect(readdirSync(out).sort()).toEqual([...others, `hello.${target}`].sort());
  });

  it.concurrent("keeps the sources' places in the map", () => {
    const map = new TraceMap(readFileSync(join(dirname(image), "hello.map"), "utf8"));
    expect(map.sources.some((source) => source?.endsWith("examples/hello/main.ts"))).toBe(true);
  });

  const RUN = 'import { net, run } from "@uk/miou-solo5";\n';
  it.concurrent.each([
    {
      why: "a syntax error",
      source: `${RUN}run([], function* () {\n  const x: number = ;\n});\n`,
      says: /^uk: \S*a-syntax-error\.ts:3:21: Unexpected ";"\n {4}3 │ {3}const x: number = ;\n {6}╵ {21}\^\n$/,
    },
    {
      why: "an error that only the engine finds",
      source: `${RUN}interface Unused {\n  a: string;\n}\nrun([], function* () {\n  console.log(/(?<n>a)(?<n>b)/);\n});\n`,
      says: /^uk: \S*an-error-that-only-the-engine-finds\.ts:6:15: SyntaxError: duplicate group name\n(?: {4} *(?:\d+ │|╵) .*\n)+$/,
    },
    {
      why: "another one, in a program that does not call run",
      source: `let text: string;\ntext = "1"; console.log(text, /a**/);\n`,
      says: /\.ts:2:31: SyntaxError: nothing to repeat\n/,
    },
    {
      why: "a missing module",
      source: 'import "./absent.ts";\n',
      says: /^uk: \S*\.ts:1:8: Could not resolve "\.\/absent\.ts"\n/,
    },
    {
      why: "a module of Node",
      source: 'import "node:fs";\n',
      says: /"node:fs": an image has none of Node's modules\n/,
    },
    { why: "a constant that is assigned", source: "const a = 1;\na = 2;\n", says: /\.ts:2:1: / },
    {
      why: "an error before run",
      source: `${RUN}function setUp(): never {\n  throw new Error("no configuration");\n}\nsetUp();\nrun([], function* () {});\n`,
      says: /no configuration\n[\s\S]*an-error-before-run\.ts:3:\d+[\s\S]*\nuk: \S*an-error-before-run\.ts: it failed before `run` \(status 1[^\n]*\n$/,
    },
    {
      why: "a program that never calls run",
      source: `${RUN}console.error(typeof run);\n`,
      says: /^function\nuk: [^\n]*ended without calling `run`[^\n]*\n$/,
    },
    {
      why: "a name that no device can have",
      source: `${RUN}run([net("eth 0")], function* () {});\n`,
      says: /RangeError: net: device name "eth 0"[\s\S]*\nuk: [^\n]*\n$/,
    },
    {
      why: "a program that writes too much where its manifest goes",
      source: `${RUN}const { writeSync } = await import(["node", "fs"].join(":"));\nwriteSync(3, "x".repeat(1e6));\nrun([], function* () {});\n`,
      says: /\nuk: [^\n]*it failed before `run`[^\n]*\n$/,
    },
    {
      why: "a program that ends itself",
      source: `${RUN}process.exit(3);\nrun([], function* () {});\n`,
      says: /^uk: [^\n]*\(status 3, see above\)[^\n]*\n$/,
    },
    {
      why: "a program that ends itself well",
      source: `${RUN}process.exit(0);\nrun([], function* () {});\n`,
      says: /^uk: [^\n]*ended without calling `run`[^\n]*\n$/,
    },
  ])(
    "reports $why, exits with 1 and leaves the output of an earlier build alone",
    async ({ why, source, says }) => {
      const entry = program(`${why.replaceAll(" ", "-")}.ts`, source);
      const out = join(folder, `earlier ${why}`);
      mkdirSync(out);
      writeFileSync(join(out, "main.spt"), "an earlier build");
      const words = ["build", relative(folder, entry), "--name=main", "--out-dir", out];
      const { status, stdout, stderr } = await uk(words, { cwd: folder });
      expect(stderr).toMatch(says);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(readdirSync(out)).toEqual(["main.spt"]);
      expect(readFileSync(join(out, "main.spt"), "utf8")).toBe("an earlier build");
    },
  );

  it.concurrent.for([
    { command: "build", does: "spins", how: "for (;;);" },
    {
      command: "build",
      does: "waits",
      how: "await new Promise((resolve) => setTimeout(resolve, 1e6));",
    },
    { command: "manifest", does: "spins", how: "for (;;);" },
  ])(
    "leaves nothing behind when uk $command is killed while the program $does",
    async ({ command, does, how }, { onTestFinished }) => {
      const source = `${RUN}console.log(process.pid);\n${how}\nrun([], function* () {});\n`;
      const child = startUk([command, program(`killed-${command}-${does}.ts`, source)]);
      // What the program says until `run` is on standard error.
      const [pid] = await once(child.stderr as Readable, "data");
      onTestFinished(() => void spawnSync("kill", ["-KILL", String(pid).trim()]));
      child.kill("SIGKILL");
      // Ends with the last process that has its output.
      await once(child, "close");
    },
  );

  it.concurrent("makes no output folder for a program that does not build", async () => {
    const out = join(folder, "never");
    const { status } = await uk(["build", program("broken.ts", "let = ;"), "--out-dir", out]);
    expect(status).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it.concurrent.each([
    { why: "a missing entry", words: ["absent.ts"], status: 1 },
    { why: "a folder without a program", words: ["."], status: 1 },
    { why: "an unknown target", words: [hello, "--target=riscv"], status: 64 },
    { why: "an unknown option", words: [hello, "--taget=spt"], status: 64 },
    { why: "no operand", words: [], status: 64 },
    { why: "a name with a slash", words: [hello, "--name=a/b"], status: 64 },
    { why: "an output folder that is a file", words: [hello, "--out-dir=in-the-way"], status: 1 },
    { why: "an output folder below a file", words: [hello, "--out-dir=in-the-way/below"], status: 1 },
    {
      why: "an output folder that may not be written",
      words: [hello, "--out-dir=/proc/none/below"],
      status: 1,
    },
  ])("refuses $why in one line, with status $status", async ({ words, status }) => {
    const end = await uk(["build", ...words], { cwd: folder });
    expect(end.stderr).toMatch(ONE_LINE);
    expect(end).toMatchObject({ status, stdout: "" });
    expect(readFileSync(join(folder, "in-the-way"), "utf8")).toBe("mine");
  });
});

describe("uk manifest", () => {
  const devices = program(
    "devices.ts",
    `import { block, constant, map, net, run } from "@uk/miou-solo5";
const never = (): never => { throw new Error("neither main nor a map is called"); };
console.log("code before run is");
const disk = block("disk");
run([net("service"), map([disk, constant(1), map([net("management"), disk], never)], never), block("disk"), constant({})], never);
`,
  );
  const LISTED =
    '{"type":"solo5.manifest","version":1,"devices":[{"name":"service","type":"NET_BASIC"},{"name":"disk","type":"BLOCK_BASIC"},{"name":"management","type":"NET_BASIC"}]}\n';

  it.concurrent("prints the manifest of a program without devices, byte for byte", async () => {
    expect(await uk(["manifest", hello])).toMatchObject({ status: 0, stdout: HELLO_MANIFEST, stderr: "" });
  });

  it.concurrent("lists devices in declaration order, depth first, each once", async () => {
    expect(await uk(["manifest", devices])).toMatchObject({
      status: 0,
      stdout: LISTED,
      stderr: "code before run is\n",
    });
  });

  it.concurrent.each([
    { name: "hello", entry: join(hello, "main.ts"), prints: HELLO_MANIFEST },
    { name: "devices", entry: devices, prints: `code before run is\n${LISTED}` },
  ])("is what plain Node prints for $name", async ({ name, entry, prints }) => {
    const { build } = await import("esbuild");
    const outfile = join(folder, `${name}.mjs`);
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "error",
    });
    expect(await execute(process.execPath, [outfile])).toMatchObject({
      status: 0,
      stdout: prints,
      stderr: "",
    });
  });

  it.concurrent("goes into the image, whose devices the tender then wants", async () => {
    const out = join(folder, "with devices");
    await uk(["build", devices, "--out-dir", out]);
    const { stdout } = await uk(["inspect", join(out, "devices.spt"), "--json"]);
    expect(JSON.parse(stdout).devices.map((device: { name: string }) => device.name)).toEqual([
      "service",
      "disk",
      "management",
    ]);
    const { status, stderr } = await uk(["run", join(out, "devices.spt")]);
    expect(stderr).toMatch(/^solo5-spt: [^\n]*'service'/);
    expect(status).toBe(1);
  });
});

describe("uk inspect", () => {
  it.each(["spt", "hvt"])(
    "shows ABI %s 2, no devices, and that no segment is writable and executable",
    async (target) => {
      const { status, stdout, stderr } = await uk(["inspect", image.replace(/spt$/, target)]);
      expect(stdout).toContain(`target      ${target}, ABI version 2\n`);
      expect(stdout).toMatch(/^W\^X +holds$/m);
      expect(stdout).toMatch(/^no devices$/m);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    },
  );

  it("says the same as JSON, and readelf agrees with it", async (context) => {
    const { stdout } = await uk(["inspect", image, "--json"]);
    const info = JSON.parse(stdout);
    expect(info).toMatchObject({ abi: { target: "spt", version: 2 }, devices: [], writeXorExecute: true });
    const elf = await execute("readelf", ["-lhnW", image]).catch(() => undefined);
    if (elf === undefined) return context.skip("no readelf on this machine (Debian: binutils)");
    expect(elf.stderr).toBe("");
    expect(elf.stdout).toContain(`Entry point address:               ${info.entry}\n`);
    const loads = [...elf.stdout.matchAll(/^ +LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x(\w+) ([R ][W ][E ])/gm)];
    const segments = loads.map(([, offset = "", vaddr = "", filesz = "", memsz = "", flags = ""]) => ({
      vaddr: `0x${Number.parseInt(vaddr, 16).toString(16)}`,
      memsz: Number.parseInt(memsz, 16),
      filesz: Number.parseInt(filesz, 16),
      offset: `0x${Number.parseInt(offset, 16).toString(16)}`,
      flags: flags.replace("E", "X").replaceAll(" ", "-"),
    }));
    expect(segments).toEqual(info.segments);
    expect(segments.filter(({ flags }) => flags.includes("W") && flags.includes("X"))).toEqual([]);
    expect(elf.stdout).toMatch(/Solo5 +0x00000010\t/);
    expect(elf.stdout).toContain(`Build ID: ${info.id}\n`);
  });

  it("shows engine, map and packages, and prints the bill of materials that lies beside the image", async () => {
    const beside = (name: string) => JSON.parse(readFileSync(join(dirname(image), name), "utf8"));
    const { stdout } = await uk(["inspect", image]);
    expect(stdout).toMatch(/^engine +quickjs-ng \d+\.\d+\.\d+, @uk\/runtime \d/m);
    expect(stdout).toMatch(new RegExp(`^debug id +${beside("hello.map").debugId}$`, "m"));
    expect(stdout).toMatch(/^@uk\/runtime +\S+ +ISC$/m);
    const sbom = await uk(["inspect", image, "--sbom"]);
    expect(sbom.status).toBe(0);
    expect(JSON.parse(sbom.stdout)).toEqual(beside("hello.cdx.json"));
  });

  it("verifies an image, with status 1 for one that tenders refuse", async () => {
    const { status, stdout, stderr } = await uk(["inspect", image, "--verify"]);
    expect(stdout).toMatch(
      /^upstream's solo5-spt +loads\nupstream's solo5-hvt +refuses +the image is for spt/m,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const broken = readFileSync(image);
    broken.writeBigUInt64LE(5n, 24);
    const path = file("broken/entry.spt", broken);
    const verified = await uk(["inspect", path, "--verify", "--json"]);
    expect(verified.status).toBe(1);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: false });
  });

  it("shows an image that tenders refuse, and why, with status 1; it is not run", async () => {
    const broken = readFileSync(image);
    broken.writeBigUInt64LE(5n, 24);
    const path = file("broken/shown.spt", broken);
    const { status, stdout } = await uk(["inspect", path]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^target +spt, ABI version 2$/m);
    expect(stdout).toMatch(/^refused by tenders: BAD_ENTRY: the entry point 0x5 [^\n]+\(entry\)$/m);
    expect(stdout).toMatch(/^faulty: DAMAGED: /m);
    const run = await uk(["run", path]);
    expect(run).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(ONE_LINE) });
    expect(run.stderr).toContain("BAD_ENTRY");
  });

  it("compares two images with the statuses of diff", async () => {
    const hvt = image.replace(/spt$/, "hvt");
    expect(await uk(["inspect", image, "--diff", image])).toMatchObject({
      status: 0,
      stdout: "no differences\n",
    });
    const { status, stdout } = await uk(["inspect", image, "--diff", hvt]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^target +spt, ABI version 2 +hvt, ABI version 2$/m);
    expect(stdout).not.toMatch(/^(package|bytecode|debug id) /m);
    const json = await uk(["inspect", image, "--diff", hvt, "--json"]);
    expect(JSON.parse(json.stdout)[0]).toEqual({
      part: "target",
      name: "",
      a: "spt, ABI version 2",
      b: "hvt, ABI version 2",
    });
    const absent = await uk(["inspect", image, "--diff", join(folder, "absent.spt")]);
    expect(absent).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(ONE_LINE) });
    expect((await uk(["inspect", image, "--diff", hvt, "--verify"])).status).toBe(64);
  });
});

describe("uk run", () => {
  it.concurrent.each([
    { given: "with its ending", word: "hello.spt", others: ["hello.hvt"] },
    { given: "without, where both are", word: "hello", others: ["hello.hvt"] },
    { given: "without, where there is only spt", word: "hello", others: [] },
  ])("finds an image $given", async ({ given, word, others }) => {
    const place = join(folder, `found ${given}`);
    mkdirSync(place);
    for (const name of ["hello.spt", ...others])
      writeFileSync(join(place, name), readFileSync(join(dirname(image), name)));
    expect(await uk(["run", "--mem=16", join(place, word)])).toMatchObject({
      status: 0,
      stdout: "Hello World\n",
      stderr: "",
    });
  });

  it("names the image for spt where there is no KVM for the one for hvt", async () => {
    const hvt = image.replace(/spt$/, "hvt");
    // In a mount namespace of its own, whose /dev has nothing in it.
    const script = 'mount -t tmpfs none /dev && exec "$@"';
    const end = await execute("unshare", [
      ...["--mount", "sh", "-c", script, "sh", process.execPath, BIN, "run", hvt],
    ]);
    const lines = end.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^solo5-hvt: \/dev\/kvm cannot be opened: /);
    expect(lines[1]).toBe(`uk: ${hvt}: it needs KVM; the same program runs without: uk run ${image}`);
    expect(end).toMatchObject({ status: 1, stdout: "" });
  });
});

describe("uk symbolicate", () => {
  let line = 0;
  beforeAll(() => {
    const map = readFileSync(join(dirname(image), "hello.map"), "utf8");
    file("logs/hello.map", map);
    // The last line of a bundle is the program's own.
    line = (JSON.parse(map).mappings as string).split(";").findLastIndex((of) => of !== "") + 1;
    file("plain.log", "nothing\n");
    file("orphan.log", "    at f (orphan.js:1:1)\n");
  });

  it.concurrent.each([
    { how: "the map that is given", words: ["given.log", "--map", "logs/hello.map"] },
    { how: "the map beside the log", words: ["logs/beside.log"] },
  ])("shows a log with the places in the sources, by $how", async ({ words: [log = "", ...words] }) => {
    file(log, `Uncaught Error: x\n    at f (hello.js:${line}:1)\nother lines\n`);
    const end = await uk(["symbolicate", log, ...words], { cwd: folder });
    expect(end.stdout).toMatch(/^Uncaught Error: x\n {4}at f \(\S+hello\/main\.ts:\d+:\d+\)\nother lines\n$/);
    expect(end).toMatchObject({ status: 0, stderr: "" });
  });

  it.concurrent("takes the image's own map, and refuses that of another build", async () => {
    const log = file("logs/own.log", `    at f (hello.js:${line}:1)\n`);
    expect(await uk(["symbolicate", log, "--image", image])).toMatchObject({ status: 0, stderr: "" });
    const other = JSON.parse(readFileSync(join(dirname(image), "hello.map"), "utf8"));
    const debugId = "11111111-1111-8111-8111-111111111111";
    const map = file("other/hello.map", JSON.stringify({ ...other, debugId }));
    const end = await uk(["symbolicate", log, "--map", map, "--image", image]);
    expect(end.stderr).toMatch(ONE_LINE);
    expect(end.stderr).toContain(`of another build than the image: its debug id is ${debugId}, the image's`);
    expect(end).toMatchObject({ status: 1, stdout: "" });
  });

  it.concurrent.each([
    { why: "a log that is not there", words: ["absent.log"], says: /no such file/ },
    { why: "a log without a stack trace", words: ["plain.log"], says: /no stack trace/ },
    { why: "a log whose map is not there", words: ["orphan.log"], says: /--map orphan\.map/ },
    { why: "a map that is none", words: ["orphan.log", "--map=plain.log"], says: /not a source map/ },
  ])("refuses $why in one line with status 1", async ({ words, says }) => {
    const end = await uk(["symbolicate", ...words], { cwd: folder });
    expect(end.stderr).toMatch(ONE_LINE);
    expect(end.stderr).toMatch(says);
    expect(end).toMatchObject({ status: 1, stdout: "" });
  });
});

describe("uk which", () => {
  it("prints the tender's path, which can be run", async () => {
    const { status, stdout } = await uk(["which", "spt"]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${binaryPath()}\n` });
    expect(await execute(stdout.trim(), [image])).toMatchObject({ status: 0, stdout: "Hello World\n" });
  });

  it("knows the tender of hvt, too", async () => {
    const { status, stdout } = await uk(["which", "hvt"]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${hvtTender()}\n` });
    expect((await execute(stdout.trim(), ["--version"])).stderr).toMatch(/\nABI version 2\n$/);
  });
});

describe("uk --help", () => {
  it.concurrent.each(["", "dev", "build", "run", "symbolicate", "manifest", "inspect", "which"])(
    "uk %s --help ends in examples, without colours",
    async (command) => {
      const { status, stdout, stderr } = await uk([...(command === "" ? [] : [command]), "--help"]);
      expect(stdout).toMatch(/\nEXAMPLES\n\n(?: {2}.*uk .*\n)+\n$/);
      expect(stdout).not.toContain("\u001b");
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    },
  );
});

/** Number of a target in the ABI note (ABI section 2.4). */
const XEN = 6;

describe("what is not an image", () => {
  const bytes = (): Buffer => readFileSync(image);
  const fixture = (name: string): Buffer => readFileSync(join(root, "packages/manifest/fixtures", name));

  it.concurrent.each<{ why: string; make: () => string; says: RegExp }>([
    { why: "an empty file", make: () => file("empty", ""), says: /the file is empty/ },
    { why: "a text", make: () => file("text.spt", "Hello World\n".repeat(1000)), says: /not an ELF file/ },
    { why: "a folder", make: () => folder, says: /it is a directory/ },
    { why: "nothing", make: () => join(folder, "absent.spt"), says: /no such file or directory/ },
    { why: "an executable of the host", make: () => "/bin/true", says: /executable .*of the host/ },
    { why: "a static executable of the host", make: binaryPath, says: /of the host/ },
    { why: "a base image without a program", make: () => baseImagePath("spt"), says: /a base image/ },
    {
      why: "an image for another target",
      make: () => {
        const note = fixture("abi-spt.bin");
        const patched = bytes();
        const at = patched.indexOf(note);
        expect(at).toBeGreaterThan(0);
        patched.writeUInt32LE(XEN, at + 20);
        // As the linker would have sealed it (packages/image).
        patched.writeUInt32LE(crc32(patched.subarray(0, -4)), patched.length - 4);
        return file("xen.spt", patched);
      },
      says: /an image for xen, for which there is no tender here/,
    },
    {
      why: "an image for another machine",
      make: () => {
        const patched = bytes();
        patched.writeUInt16LE(183, 18);
        return file("aarch64.spt", patched);
      },
      says: /machine/i,
    },
  ])("$why is refused in one line with status 1", async ({ make, says }) => {
    const { status, stdout, stderr } = await uk(["run", "--", make()]);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(says);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });

  it("an image cut anywhere is refused in one line with status 1", async () => {
    const whole = bytes();
    const cuts = [1, 4, 17, 63, 64, 65, 120, 300, 0x1000, 0x1001, whole.length - 0x1000, whole.length - 1];
    for (let part = 1; part < 8; part++) cuts.push(Math.floor((whole.length * part) / 8));
    await inPairs(cuts, async (cut) => {
      const path = file(`cut-${cut}.spt`, whole.subarray(0, cut));
      const { status, stdout, stderr } = await uk(["run", path]);
      expect(stderr, `${cut} bytes`).toMatch(ONE_LINE);
      expect({ cut, status, stdout }).toEqual({ cut, status: 1, stdout: "" });
    });
  });

  it("an image in which one bit has flipped, wherever it is, is refused in one line", async () => {
    const whole = bytes();
    const random = sequence(20_240_229);
    const headers = 64 + 56 * whole.readUInt16LE(56);
    const places = Array.from({ length: 48 }, (_, index) => {
      return { at: random() % (index % 2 === 0 ? headers : whole.length), bit: random() % 8 };
    });
    await inPairs(places, async ({ at, bit }) => {
      const patched = bytes();
      patched.writeUInt8(patched.readUInt8(at) ^ (1 << bit), at);
      const path = file(`flip-${at}-${bit}.spt`, patched);
      const { status, stdout, stderr } = await uk(["run", "--mem=16", path]);
      const place = `bit ${bit} of byte ${at}`;
      expect({ status, stdout }, place).toEqual({ status: 1, stdout: "" });
      expect(stderr, place).toMatch(/^uk: [^\n]+\n$/);
    });
  });
});

/** Runs `action` for each item, two at a time. */
async function inPairs<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const work = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await action(item);
  };
  await Promise.all([work(), work()]);
}

/** Numbers that are the same on each run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
