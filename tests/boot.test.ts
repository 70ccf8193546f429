import { binaryPath } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { boot, build } from "./support/boot.ts";
import { type GuestProgram, guest } from "./support/guests.ts";
import { runOnHost } from "./support/on-host.ts";
import { ended, execute, startUk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();

/** Builds the guest once, before the tests of a block; its image. */
function built(name: string, settings: Partial<GuestProgram> = {}): () => string {
  let image = "";
  beforeAll(async () => {
    image = await build({ ...guest(name), ...settings }, folder);
  });
  return () => image;
}

describe("memory", () => {
  const hello = built("hello");

  const small = built("hello", { name: "small", stack: 256 });
  const HELLO = { status: 0, stdout: "Hello World\n", stderr: "" };

  it.each([12, 16, 64, 512])("hello boots with %i MiB", async (mem) => {
    expect(await boot(hello(), { mem, args: [] })).toMatchObject(HELLO);
  });

  it.each([4, 5, 8, 16, 64, 512])("hello with a small stack boots with %i MiB", async (mem) => {
    expect(await boot(small(), { mem, args: [] })).toMatchObject(HELLO);
  });

  it.each([1, 2, 3])("%i MiB are too little, and one line says so", async (mem) => {
    const { status, stdout, stderr } = await boot(small(), { mem, args: [] });
    expect(stdout + stderr).toMatch(/^(?:uk|solo5-spt): [^\n]*--mem[^\n]*\n$/);
    expect(status).toBe(1);
  });

  it.each([4, 8, 10])("%i MiB are too little for the stack, and one line says what helps", async (mem) => {
    const { status, stdout } = await boot(hello(), { mem, args: [] });
    expect(stdout).toMatch(/^uk: \d+ KiB [^\n]* a stack of 8192 KiB [^\n]*--mem[^\n]*--stack[^\n]*\n$/);
    expect(status).toBe(1);
  });
});

describe("exit statuses pass through uk run", () => {
  const exit = built("exit");

  it.each([
    { given: "0", status: 0 },
    { given: "1", status: 1 },
    { given: "13", status: 13 },
    { given: "64", status: 64 },
    { given: "255", status: 255 },
  ])("$given arrives as $status", async ({ given, status }) => {
    const end = await boot(exit(), { mem: 16, args: [given] });
    expect(end).toEqual({ status, signal: null, stdout: "before\n", stderr: "" });
  });
});

describe("signals", () => {
  const wait = built("wait");

  it.each([
    { signal: "SIGTERM", status: 143 },
    { signal: "SIGINT", status: 130 },
  ] as const)("$signal ends the guest, and uk with status $status", async ({ signal, status }) => {
    const child = startUk(["run", "--mem=16", wait()]);
    child.stdout?.once("data", () => child.kill(signal));
    expect(await ended(child)).toEqual({ status, signal: null, stdout: "waiting\n", stderr: "" });
  });
});

describe("options for the bindings", () => {
  const options = built("options");

  it("shows the bindings' own lines with --solo5:debug, and the program's as ever", async () => {
    const { status, stdout } = await boot(options(), { mem: 16, args: ["--solo5:debug", "a", "b"] });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter((line) => !line.startsWith("Solo5: "))).toEqual(['["uk","a","b"]']);
    expect(lines.filter((line) => line.startsWith("Solo5: ")).length).toBeGreaterThan(1);
    expect(status).toBe(0);
  });

  it("says nothing of its own with --solo5:quiet", async () => {
    const { stdout, stderr } = await boot(options(), { mem: 16, args: ["--solo5:quiet"] });
    expect(stdout + stderr).toBe('["uk"]\n');
  });
});

describe("an uncaught error", () => {
  const image = built("failure-uncaught");

  it("is shown with the lines of the sources by uk run, of the bundle by the tender alone", async () => {
    const { stdout } = await boot(image(), { mem: 16, args: [] });
    const alone = await execute(binaryPath(), ["--mem=16", image()]);
    const frames = (text: string, file: string) =>
      [...text.matchAll(/^ {4}at (\w+) \((.*):\d+:\d+\)$/gm)]
        .filter(([, , place]) => place?.endsWith(file))
        .map(([, name]) => name);
    expect(frames(stdout, "tests/guests/failure-uncaught/main.ts")).toContain("parse");
    expect(stdout).not.toContain("failure-uncaught.js");
    expect(frames(alone.stdout, "failure-uncaught.js")).toContain("parse");
  });
});

describe("a device that is not attached", () => {
  const image = built("failure-device");

  it("is named by the tender, which does not start the guest", async () => {
    const { status, stdout, stderr } = await boot(image(), { mem: 16, args: [] });
    expect(stderr).toMatch(/^solo5-spt: [^\n]*'service'[^\n]*--net:service=/);
    expect(stdout).toBe("");
    expect(status).toBe(1);
  });
});

describe("random numbers", () => {
  const random = built("random");

  it("are in range, spread, and others on each boot", async () => {
    const boots = await Promise.all([1, 2, 3].map(() => boot(random(), { mem: 32, args: [] })));
    const [first, ...rows] = boots.map(({ stdout }) => stdout.split("\n"));
    expect(first?.[0]).toBe("in range: true, hundredths that occur: 100, distinct: 10000");
    expect(new Set([first, ...rows].map((lines) => lines?.[1])).size).toBe(3);
  });
});

describe("functions of Math", () => {
  const math = built("math-last-digit");

  /** Rows of name, argument and bits. */
  const rows = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));

  it("are those of Node where the language defines them, and within 2 units in the last place elsewhere", async () => {
    const [image, host] = await Promise.all([
      boot(math(), { mem: 64, args: [] }),
      runOnHost(guest("math-last-digit"), folder),
    ]);
    const expected = rows(host.output);
    const differing = new Map<string, { count: number; most: bigint; at: string }>();
    for (const [index, [name = "", x = "", bits = ""]] of rows(image.stdout).entries()) {
      const [otherName, otherX, otherBits = ""] = expected[index] ?? [];
      expect([name, x]).toEqual([otherName, otherX]);
      const distance = BigInt(bits) - BigInt(otherBits);
      const ulps = distance < 0n ? -distance : distance;
      if (ulps === 0n) continue;
      const { count, most, at } = differing.get(name) ?? { count: 0, most: 0n, at: "" };
      differing.set(
        name,
        ulps > most ? { count: count + 1, most: ulps, at: x } : { count: count + 1, most, at },
      );
    }
    for (const [name, { count, most, at }] of differing)
      console.info(
        `Math: ${name}: ${count} of 300 results differ from Node's, by at most ${most} in the last place (at ${at})`,
      );
    const wrong = [...differing].filter(([name, { most }]) => name.startsWith("exact") || most > 2n);
    expect(wrong).toEqual([]);
  });
});
