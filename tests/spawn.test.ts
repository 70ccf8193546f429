// `spawn` of both tenders: real guests on spt, and on hvt as far as this machine goes; the reports of hvt come
// from where its guests execute.
import { once } from "node:events";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { exitOf, spawnGuest } from "@uk/tender";
import * as hvt from "@uk/tender-hvt";
import * as spt from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { build, buildSource } from "./support/boot.ts";
import { crashes, crashing } from "./support/crashes.ts";
import { guest } from "./support/guests.ts";
import { blocks } from "./support/readme.ts";
import { execute, firstWords } from "./support/uk.ts";
import { root, workspace } from "./support/workspace.ts";
import { findPlace, type Result, runBatch } from "./vm/batch.ts";

const folder = workspace();

const image = (name: string): string => join(folder, `${name}.spt`);

/** Programs for these tests alone. */
const PROGRAMS = {
  // More than all that lies between a guest and its reader can hold.
  prints: `const line = "x".repeat(1023); for (let n = 0; n < 2048; n++) console.log(line);`,
  // Sends a frame, or waits for one.
  talks: `import { argv, net, run } from "@uk/miou-solo5";
    run([net("service")], function* (service) {
      if (argv[1] === "sends") return void service.write(new Uint8Array(60).fill(7));
      const frame = yield* service.readFrame();
      console.log(\`\${frame.length} bytes of \${frame[59]}\`);
    });`,
  // Has two devices.
  two: `import { net, run } from "@uk/miou-solo5";
    run([net("a"), net("b")], function* () {});`,
  // Says its address.
  mac: `import { net, run } from "@uk/miou-solo5";
    run([net("service")], function* (service) {
      console.log([...service.mac].map((byte) => byte.toString(16).padStart(2, "0")).join(":"));
    });`,
};

beforeAll(async () => {
  for (const name of [
    "hello",
    "exit",
    "wait",
    "crash",
    "cmdline",
    "failure-device",
    "failure-out-of-memory-array",
  ])
    await build(guest(name), folder);
  await build({ name: "many", entry: join(root, "tests/conformance/many.ts") }, folder);
  for (const [name, program] of Object.entries(PROGRAMS)) await buildSource(name, program, folder);
});

/** Runs an image with both streams piped; how it ended and what was said. */
async function run(name: string, options: spt.GuestOptions = {}) {
  const child = spt.spawn(image(name), { mem: 16, stdio: "pipe", ...options });
  const [exit, stdout, stderr] = await Promise.all([child.exit, read(child.stdout), read(child.stderr)]);
  return { exit, stdout, stderr };
}

const read = (stream: Readable | undefined): Promise<string> => text(stream ?? Readable.from([]));

describe("how an spt guest ends", () => {
  it.each([0, 1, 3, 134, 254])("exit with status %i", async (status) => {
    const ended = await run("exit", { args: [`${status}`] });
    expect(ended).toEqual({ exit: { reason: "exit", status }, stdout: "before\n", stderr: "" });
  });

  it("abort, with the reason that it gave", async () => {
    const { exit } = await run("failure-out-of-memory-array", { mem: 32 });
    expect(exit).toEqual({
      reason: "abort",
      status: 255,
      message: expect.stringMatching(/^out of memory: \d+ more bytes .* larger --mem$/),
    });
  });

  it.each(crashes)("trap: $why", async ({ why, code, spt: signal }) => {
    writeFileSync(image(why), crashing(readFileSync(image("crash")), code));
    const { exit, stdout } = await run(why);
    expect(exit).toMatchObject({ reason: "trap", signal, message: expect.stringContaining(signal) });
    expect(stdout).toBe("before\n");
  });

  it("trap: a system call that it does not have", async () => {
    // mov $57, %eax; syscall: fork
    writeFileSync(image("fork"), crashing(readFileSync(image("crash")), [0xb8, 57, 0, 0, 0, 0x0f, 0x05]));
    expect((await run("fork")).exit).toMatchObject({ reason: "trap", signal: "SIGSYS" });
  });

  it.each(["SIGTERM", "SIGINT", "SIGKILL", "SIGSEGV"] as const)("killed by %s", async (signal) => {
    const child = spt.spawn(image("wait"), { mem: 16, stdio: "pipe" });
    await firstWords(child);
    expect(child.kill(signal)).toBe(true);
    expect(await child.exit).toEqual({ reason: "killed", signal });
    expect(child.kill(signal)).toBe(false);
    expect(existsSync(`/proc/${child.pid}`)).toBe(false);
  });

  it("killed by SIGTERM, by default and even before it runs", async () => {
    const child = spt.spawn(image("wait"), { stdio: "ignore" });
    expect(child.kill()).toBe(true);
    expect(await child.exit).toEqual({ reason: "killed", signal: "SIGTERM" });
  });

  it("refuses a signal that does not exist", async () => {
    const child = spt.spawn(image("wait"), { stdio: "ignore" });
    expect(() => child.kill("SIGNONE" as NodeJS.Signals)).toThrow(TypeError);
    child.kill();
    await child.exit;
  });
});

describe("what the tender refuses", () => {
  it.each<{ why: string; name?: string; options?: spt.GuestOptions; says: RegExp }>([
    { why: "an image that is not there", name: "none", says: /none\.spt': cannot be opened/ },
    { why: "too little memory", options: { mem: 1 }, says: /needs at least --mem=\d/ },
    {
      why: "a device that is not declared",
      options: { net: { a: "tap0" } },
      says: /does not declare .* 'a'/,
    },
    { why: "devices that are not attached", name: "failure-device", says: /'service'.*\n.*not all of its/s },
    { why: "arguments that are too long", options: { args: ["x".repeat(8192)] }, says: /too long: 8192/ },
  ])("$why", async ({ name = "hello", options, says }) => {
    const { exit, stdout, stderr } = await run(name, options);
    expect(exit).toEqual({ reason: "tender", status: 1, message: expect.stringMatching(says) });
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^solo5-spt: /);
  });

  it("an image for another tender, and names the right one", async () => {
    const child = spt.spawn(join(folder, "hello.hvt"), { stdio: "ignore" });
    expect(await child.exit).toMatchObject({ reason: "tender", message: expect.stringMatching(/solo5-hvt/) });
  });
});

describe("what cannot be started", () => {
  const tender = { target: "spt", path: spt.binaryPath() } as const;

  it.each([
    { why: "a missing binary", tender: { ...tender, path: "/none/solo5-spt" }, code: "ENOENT" },
    { why: "a binary that is none", tender: { ...tender, path: "/dev/null" }, code: "EACCES" },
    { why: "a missing folder", tender, options: { cwd: "/none" }, code: "ENOENT", says: "no folder /none" },
    {
      why: "a descriptor that is not open",
      tender,
      options: { net: { a: { fd: 9999 } } },
      code: "EBADF",
      says: "open: 9999",
    },
    {
      why: "a console that is not open",
      tender,
      options: { stdio: { stdout: 9998 } },
      code: "EBADF",
      says: "open: 9998",
    },
    {
      why: "arguments beyond the host's limit",
      tender,
      options: { args: ["x".repeat(1 << 21)] },
      code: "E2BIG",
    },
  ])("$why", async ({ tender, options, code, says = tender.path }) => {
    const { signal } = new AbortController();
    const child = spawnGuest(tender, image("hello"), { stdio: "pipe", signal, ...options });
    await expect(child.exit).rejects.toMatchObject({
      name: "TenderError",
      code: "START",
      cause: { code },
      message: expect.stringContaining(says),
    });
    expect(child.pid).toBeUndefined();
    expect(child.kill()).toBe(false);
    expect(await read(child.stdout)).toBe("");
  });

  it.each<{ why: string; options: object; error: typeof TypeError | typeof RangeError }>([
    ...[null, 5, "x", true, []].map((options) => ({
      why: `${JSON.stringify(options)} for options`,
      options: options as object,
      error: TypeError,
    })),
    ...[null, 5, []].flatMap((value) =>
      ["net", "block", "stdio"].map((name) => ({
        why: `${JSON.stringify(value)} for ${name}`,
        options: { [name]: value },
        error: TypeError,
      })),
    ),
    { why: "a signal that is none", options: { signal: {} }, error: TypeError },
    { why: "an unknown stream", options: { stdio: "overlapped" }, error: TypeError },
    { why: "a descriptor for the tender's lines", options: { stdio: { stderr: 2 } }, error: TypeError },
    { why: "a negative descriptor", options: { stdio: { stdout: -1 } }, error: RangeError },
    { why: "arguments in one text", options: { args: "x" }, error: TypeError },
    { why: "an argument that is no text", options: { args: [3] }, error: TypeError },
    { why: "a NUL in an argument", options: { args: ["\0"] }, error: TypeError },
    { why: "an empty folder", options: { cwd: "" }, error: TypeError },
    { why: "a device name with a sign", options: { block: { "a=b": "x" } }, error: RangeError },
  ])("is thrown before anything is started: $why", ({ options, error }) => {
    expect(() => spt.spawn(image("hello"), options)).toThrow(error);
    expect(() => spt.spawn("")).toThrow(TypeError);
  });
});

describe("an AbortSignal", () => {
  it("that is aborted before the start starts nothing", () => {
    const reason = new Error("not today");
    expect(() => spt.spawn(image("wait"), { signal: AbortSignal.abort(reason) })).toThrow(reason);
  });

  it.each(["at once", "when it runs"])(
    "that is aborted after the start kills the guest: %s",
    async (when) => {
      const controller = new AbortController();
      const child = spt.spawn(image("wait"), { mem: 16, stdio: "pipe", signal: controller.signal });
      if (when === "when it runs") await firstWords(child);
      controller.abort();
      expect(await child.exit).toEqual({ reason: "killed", signal: "SIGKILL" });
      expect(existsSync(`/proc/${child.pid}`)).toBe(false);
    },
  );

  it("has no listeners left when guests have ended, or were not started", async () => {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_: string, listener: unknown) => void listeners.delete(listener);
    const child = spt.spawn(image("hello"), { stdio: "ignore", signal });
    const none = spawnGuest({ target: "spt", path: "/none" }, image("hello"), { signal });
    expect(listeners.size).toBe(2);
    await Promise.allSettled([child.exit, none.exit]);
    expect(listeners.size).toBe(0);
  });
});

describe("the streams of a guest", () => {
  it("come whole, however slowly they are read", async () => {
    const { exit, stdout } = await run("prints");
    expect(exit).toEqual({ reason: "exit", status: 0 });
    expect(stdout.length).toBe(2 << 20);
  });

  it("go on when the reader goes away", async () => {
    const child = spt.spawn(image("prints"), { mem: 16, stdio: "pipe" });
    for await (const _ of child.stdout as Readable) break;
    expect(await child.exit).toEqual({ reason: "exit", status: 0 });
  });

  it("delay nobody's end: a guest that nobody reads can be killed, and what it said be read later", async () => {
    const child = spt.spawn(image("prints"), { mem: 16, stdio: "pipe" });
    await once(child.stdout as Readable, "readable");
    child.kill();
    expect(await child.exit).toEqual({ reason: "killed", signal: "SIGTERM" });
    expect(await read(child.stdout)).toMatch(/^x{1023}\n/);
  });

  it("are read after the end", async () => {
    const child = spt.spawn(image("hello"), { mem: 16, stdio: { stdout: "pipe" } });
    expect(await child.exit).toEqual({ reason: "exit", status: 0 });
    expect(child.stderr).toBeUndefined();
    expect(await read(child.stdout)).toBe("Hello World\n");
  });

  it("can be a file", async () => {
    const log = join(folder, "console.log");
    const child = spt.spawn(image("hello"), { stdio: { stdout: openSync(log, "w") } });
    await child.exit;
    expect(child.stdout).toBeUndefined();
    expect(readFileSync(log, "utf8")).toBe("Hello World\n");
  });

  it("are this process's without a word, the tender's lines included", async () => {
    const program = join(folder, "inherit.mjs");
    writeFileSync(
      program,
      `import { spawn } from "@uk/tender-spt";
       await spawn("hello.spt").exit;
       const { reason } = await spawn("none.spt").exit;
       console.log(reason);`,
    );
    const { status, stdout, stderr } = await execute(process.execPath, [program], { cwd: folder });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "Hello World\ntender\n" });
    expect(stderr).toMatch(/^solo5-spt: 'none\.spt': [^\n]+\n$/);
  });

  it("that nobody can read do not end this process", async () => {
    const program = join(folder, "closed.mjs");
    writeFileSync(
      program,
      `import { writeFileSync } from "node:fs";
       import { spawn } from "@uk/tender-spt";
       const { reason } = await spawn("none.spt").exit;
       setTimeout(() => writeFileSync("closed.txt", reason), 1);`,
    );
    const script = `("${process.execPath}" "${program}" 2>&3) 3>&1 >&- | true`;
    await execute("sh", ["-c", script], { cwd: folder });
    expect(readFileSync(join(folder, "closed.txt"), "utf8")).toBe("tender");
  });
});

describe("what a guest gets", () => {
  it("arguments, and an image that is a URL", async () => {
    const args = ["--foo", "Foo"];
    const child = spt.spawn(pathToFileURL(image("cmdline")), { mem: 32, args, stdio: "pipe" });
    const { stdout } = await execute(spt.binaryPath(), ["--mem=32", "--", image("cmdline"), ...args]);
    expect(await read(child.stdout)).toBe(stdout);
    expect(await child.exit).toEqual({ reason: "exit", status: 0 });
  });

  it("63 block devices, by paths from the folder it is run in", async () => {
    const numbers = Array.from({ length: 63 }, (_, index) => index + 1);
    for (const number of numbers)
      writeFileSync(join(folder, `disk ${number}`), new Uint8Array(512).fill(number));
    const block = Object.fromEntries(
      numbers.map((number) => [`disk${number}`, { path: `disk ${number}`, blockSize: 512 }]),
    );
    expect(await run("many", { block, cwd: folder })).toEqual({
      exit: { reason: "exit", status: 0 },
      stdout: "63 devices, each its own\n",
      stderr: "",
    });
    for (const number of numbers) expect(readFileSync(join(folder, `disk ${number}`))[0]).toBe(201 - number);
  });

  it("descriptors that this process has, wherever they are", async () => {
    const program = join(folder, "talk.mjs");
    writeFileSync(
      program,
      `import { spawn } from "@uk/tender-spt";
       const [a, b] = [Number(process.env.A), Number(process.env.B)];
       const hears = spawn("talks.spt", { mem: 16, net: { service: { fd: a } }, args: ["hears"] });
       const sends = spawn("talks.spt", { mem: 16, net: { service: { fd: b } }, args: ["sends"] });
       console.log((await sends.exit).reason, (await hears.exit).reason);
       const service = { fd: a, mac: "02:00:00:00:00:2a" };
       await spawn("mac.spt", { mem: 16, net: { service } }).exit;
       const twice = spawn("two.spt", { mem: 16, net: { a: { fd: a }, b: { fd: a } }, stdio: "ignore" });
       console.log((await twice.exit).message);`,
    );
    const pair = `use Socket; $^F = 255; socketpair(my $a, my $b, AF_UNIX, SOCK_DGRAM, 0) or die $!;
      @ENV{"A", "B"} = (fileno $a, fileno $b); exec @ARGV or die $!`;
    const ended = await execute("perl", ["-e", pair, process.execPath, program], { cwd: folder });
    expect(ended).toEqual({
      ...{ status: 0, signal: null, stderr: "" },
      stdout: expect.stringMatching(
        /^60 bytes of 7\nexit exit\n02:00:00:00:00:2a\noption '--net:b=@3': descriptor @3 is another .*\n$/,
      ),
    });
  });
});

describe("the program in the README", () => {
  /** Runs the first program of a package's README. */
  async function readme(name: string) {
    const [code = ""] = blocks(`packages/${name}/README.md`, "ts");
    const program = join(folder, `${name}.mjs`);
    writeFileSync(program, code);
    return execute(process.execPath, [program], { cwd: folder });
  }

  it("of @uk/tender-spt runs a guest", async () => {
    const { status, stdout, stderr } = await readme("tender-spt");
    expect({ status, stdout, stderr }).toEqual({
      ...{ status: 0, stderr: "" },
      stdout: "Hello World\nthe guest ended with 0\n",
    });
  });

  it("of @uk/tender ends a guest with its task", async () => {
    const { status, stdout, stderr } = await readme("tender");
    // A second may be too short for its first word on a machine that is busy.
    expect(stdout.replace(/^waiting\n/, "")).toBe("its guest: killed\nthe task: TimeoutError\n");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("of @uk/tender-hvt runs a guest, or says why this machine cannot", async () => {
    const { status, stdout } = await readme("tender-hvt");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      findPlace().direct ? /^Hello World\nthe guest ended with 0\n$/ : /reason: 'tender'.*KVM/s,
    );
  });
});

describe("hvt", () => {
  const hello = join("hello.hvt");

  it.each<{ why: string; name?: string; options: hvt.HvtOptions; says: RegExp }>([
    { why: "an image for spt", name: "hello.spt", options: {}, says: /built for spt, not for hvt/ },
    { why: "an image that is not there", name: "none.hvt", options: {}, says: /cannot be opened/ },
    { why: "a folder for cores that is not there", options: { dumpcore: "none" }, says: /'none'|KVM/ },
    { why: "a port that is none", options: { gdbPort: 65536 }, says: /'--gdb-port=65536': malformed port/ },
    { why: "a device that is not declared", options: { block: { a: "x" } }, says: /does not declare .* 'a'/ },
    { why: "more memory than there can be", options: { mem: 4098 }, says: /'--mem=4098'.* 1 to 4096/ },
  ])("refuses $why", async ({ name = hello, options, says }) => {
    const child = hvt.spawn(name, { cwd: folder, stdio: "pipe", ...options });
    expect(await child.exit).toEqual({
      ...{ reason: "tender", status: 1 },
      message: expect.stringMatching(says),
    });
    expect(await read(child.stderr)).toMatch(/^solo5-hvt: /);
  });

  it.each<{ options: object; error: typeof TypeError | typeof RangeError }>([
    ...[null, 5, "x", []].map((options) => ({ options: options as object, error: TypeError })),
    { options: { netRing: "no" }, error: TypeError },
    { options: { dumpcore: 5 }, error: TypeError },
    { options: { gdbPort: "1234" }, error: TypeError },
    { options: { dumpcore: "" }, error: TypeError },
    { options: { gdbPort: -1 }, error: RangeError },
  ])("refuses $options before the start", ({ options, error }) => {
    expect(() => hvt.spawn(hello, options)).toThrow(error);
  });

  describe("the reports of guests, where they execute", () => {
    const results = new Map<string, Result>();
    const exit = (name: string) => {
      const { status, stdout, stderr } = results.get(name) ?? expect.fail(`the batch has no ${name}`);
      return exitOf({ target: "hvt", status, signal: null, stdout, stderr });
    };

    beforeAll(async () => {
      const files: Record<string, string> = { "solo5-hvt": hvt.binaryPath() };
      for (const name of ["hello", "exit", "wait", "failure-out-of-memory-array"])
        files[`${name}.hvt`] = join(folder, `${name}.hvt`);
      for (const { why, code } of crashes) {
        files[`${why}.hvt`] = join(folder, `${why}.hvt`);
        writeFileSync(join(folder, `${why}.hvt`), crashing(readFileSync(join(folder, "crash.hvt")), code));
      }
      const tender = ["./solo5-hvt", "--mem=32"];
      const waits = `${tender.join(" ")} wait.hvt > wait.out & for n in $(seq 3000); do grep -q waiting wait.out && break; sleep 0.01; done; kill $!; wait $!`;
      const ended = await runBatch({
        files,
        steps: [
          { name: "hello", argv: [...tender, "hello.hvt"] },
          { name: "exit", argv: [...tender, "exit.hvt", "1"] },
          { name: "memory", argv: [...tender, "failure-out-of-memory-array.hvt"] },
          { name: "wait", argv: ["sh", "-c", waits] },
          ...crashes.map(({ why }) => ({ name: why, argv: [...tender, "--dumpcore=.", `${why}.hvt`] })),
        ],
      });
      for (const one of ended) results.set(one.name, one);
    }, 600_000);

    it("exit, abort, killed", () => {
      expect(exit("hello")).toEqual({ reason: "exit", status: 0 });
      expect(exit("exit")).toEqual({ reason: "exit", status: 1 });
      expect(exit("memory")).toMatchObject({
        reason: "abort",
        message: expect.stringMatching(/^out of memory: \d+ more bytes/),
      });
      expect(exit("wait")).toEqual({ reason: "killed", signal: "SIGTERM" });
    });

    it.each(crashes)("trap: $why", ({ why, hvt: expected }) => {
      const ended = exit(why);
      if (ended.reason !== "trap") return expect.fail(`it ended so: ${JSON.stringify(ended)}`);
      if ("trap" in expected) {
        expect(ended).toMatchObject({ status: 255, signal: undefined });
        expect(ended.message).toMatch(expected.trap);
        expect(Object.keys(ended.registers).sort()).toEqual(ALL_REGISTERS);
        expect(ended.report).toMatch(/^Solo5: ABORT: #[\s\S]*\nSolo5: build id [0-9a-f]{64}$/);
      } else {
        expect(ended).toMatchObject({ status: 1, signal: undefined });
        expect(`solo5-hvt: ${ended.report}`).toMatch(expected.tender);
        expect(Object.keys(ended.registers).sort()).toEqual(["rflags", "rip", "rsp"]);
      }
      const [, rip = "none"] = /\brip=(0x[0-9a-f]+)/.exec(ended.message) ?? [];
      expect(ended.registers.rip).toBe(BigInt(rip));
    });
  });
});

const ALL_REGISTERS =
  "cr2 cs error r10 r11 r12 r13 r14 r15 r8 r9 rax rbp rbx rcx rdi rdx rflags rip rsi rsp ss".split(" ");
