// What spt images do, hvt images do: the golden transcripts, devices, crashes. One batch where guests execute.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "@uk/tender-hvt";
import { beforeAll, describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { crashes, crashing } from "./support/crashes.ts";
import { expectGolden } from "./support/golden.ts";
import { type GuestProgram, guest, guestsWithTranscript } from "./support/guests.ts";
import { normal } from "./support/normal.ts";
import { uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";
import { type Result, runBatch, type Step } from "./vm/batch.ts";

const EXAMPLES = ["block", "disk-log", "net-echo", "net-bridge"];
const folder = workspace();
/** The files of the batch. */
const files: Record<string, string> = { "solo5-hvt": binaryPath() };

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 251);

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  files[name] = path;
  return path;
}

/** A guest as `guest.json` wants it. */
function guestStep({ name, mem, args }: GuestProgram): Step {
  const options = mem === undefined ? [] : [`--mem=${mem}`];
  return { name, argv: ["./solo5-hvt", ...options, "--", `${name}.hvt`, ...args], timeoutMs: 1_200_000 };
}

const crashName = (why: string): string => `crash ${why}`;

function crashStep({ why }: { readonly why: string }): Step {
  return { name: crashName(why), argv: ["./solo5-hvt", "--mem=16", `${why}.hvt`] };
}

/** How guests are started, and what they say, beyond their transcripts. */
interface Boot {
  readonly why: string;
  readonly words: readonly string[];
  readonly status?: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

const EMPTY = /^$/;
const HELLO = /^Hello World\n$/;

const boots: readonly Boot[] = [
  { why: "hello with 4 MiB", words: ["--mem=4", "small-hello.hvt"], stdout: HELLO },
  { why: "hello with 8 MiB", words: ["--mem=8", "small-hello.hvt"], stdout: HELLO },
  { why: "hello with 12 MiB", words: ["--mem=12", "hello.hvt"], stdout: HELLO },
  {
    why: "hello with too little memory for its stack",
    words: ["--mem=8", "hello.hvt"],
    status: 1,
    stdout: /^uk: \d+ KiB [^\n]* a stack of 8192 KiB [^\n]*--mem[^\n]*--stack[^\n]*\n$/,
  },
  {
    why: "hello with an odd amount of memory",
    words: ["--mem=17", "hello.hvt"],
    stdout: HELLO,
    stderr: /^solo5-hvt: warning: --mem=17: the guest gets 16 MiB, memory comes in steps of 2 MiB\n$/,
  },
  {
    why: "hello with too little memory",
    words: ["--mem=2", "hello.hvt"],
    status: 1,
    stdout: EMPTY,
    stderr: /^solo5-hvt: [^\n]*; it needs at least --mem=4\n$/,
  },
  {
    why: "hello with executable memory",
    words: ["--x-exec-heap", "hello.hvt"],
    stdout: HELLO,
    stderr: /^solo5-hvt: warning: --x-exec-heap [^\n]*\n$/,
  },
  ...[
    { given: "0", status: 0 },
    { given: "1", status: 1 },
    { given: "64", status: 64 },
    { given: "255", status: 255 },
  ].map(({ given, status }) => ({
    why: `an exit with ${given}`,
    words: ["--mem=16", "exit.hvt", given],
    status,
    stdout: /^before\n$/,
  })),
  {
    why: "options for the bindings",
    words: ["--mem=16", "options.hvt", "--solo5:debug", "a", "b"],
    stdout:
      /^Solo5: uk \S+ on hvt\nSolo5: memory: 16 MiB, [^\n]*\n\["uk","a","b"\]\nSolo5: exit with status 0\n$/,
  },
  {
    why: "a device that is not attached",
    words: ["failure-device.hvt"],
    status: 1,
    stdout: EMPTY,
    stderr: /^solo5-hvt: [^\n]*'service'[^\n]*--net:service=/,
  },
];

const SCRIPT = `set -e
# A shell of busybox prefers its own, which has fewer options.
real_ping() { if [ -x /usr/bin/ping ]; then /usr/bin/ping "$@"; else /bin/ping "$@"; fi; }
says() { for n in $(seq 6000); do grep -qs "$2" "$1" && return 0; sleep 0.01; done; cat "$1"; return 1; }
`;
const tap0 = { name: "tap0", address: "10.0.0.1/24" };

/** An echo that is pinged so: `ping` with these words, after one to learn its address. */
function echoStep(
  name: string,
  options: string,
  limit: number,
  ping: string,
  before = "",
  image = "net-echo",
): Step {
  const script = `${before}
    ./solo5-hvt ${options} --net:service=tap0 ${image}.hvt --ipv4=10.0.0.2/24 --limit=${limit + 1} >echo.out 2>&1 &
    echo=$!
    says echo.out answering
    real_ping -q -c 1 -w 60 10.0.0.2 >/dev/null
    real_ping -q ${ping} 10.0.0.2 2>&1
    wait $echo
    cat echo.out`;
  return { name, taps: [tap0], argv: ["sh", "-c", SCRIPT + script], timeoutMs: 240_000 };
}

/** Each answer within a minute, or it is lost: the guest then waits for one more, and is ended. */
const BURST = "-c 1500 -l 200 -i 0.01 -p 00ff55aa -s 200 -W 60";

const deviceSteps: readonly Step[] = [
  { name: "block", argv: ["./solo5-hvt", "--block:storage=storage.img", "block.hvt"] },
  {
    name: "disk-log",
    argv: [
      "sh",
      "-c",
      "for count in 2 1; do ./solo5-hvt --block:storage=log.img disk-log.hvt $count || exit; done",
    ],
    keep: ["log.img"],
  },
  echoStep("echo", "", 100, "-c 100 -i 0.02 -W 60"),
  echoStep("echo without ring", "--no-net-ring", 100, "-c 100 -i 0.02 -W 60"),
  // Many times round the ring, two hundred at once; ping checks the content of each.
  echoStep("burst", "", 1500, BURST),
  echoStep("burst without ring", "--no-net-ring", 1500, BURST),
  echoStep("jumbo", "", 100, "-c 100 -l 20 -i 0.02 -s 8900 -M do -W 60", "ip link set tap0 mtu 9000"),
  echoStep("small", "--mem=4", 20, "-c 20 -i 0.02 -W 60", "", "small-net-echo"),
  {
    name: "bridge",
    taps: [tap0, { name: "tap1" }, { name: "tap2" }],
    argv: [
      "sh",
      "-c",
      `${SCRIPT}
      ip link add behind type bridge
      ip link set behind up
      for name in tap1 tap2; do ip link set $name master behind; done
      ./solo5-hvt --mem=64 --net:left=tap0 --net:right=tap1 net-bridge.hvt >bridge.out 2>&1 &
      bridge=$!
      ./solo5-hvt --mem=64 --net:service=tap2 net-echo.hvt --limit=20 >echo.out 2>&1 &
      echo=$!
      says bridge.out joining
      says echo.out answering
      real_ping -q -c 20 -i 0.05 -W 60 10.0.0.2
      wait $echo
      kill $bridge
      wait $bridge || true
      cat bridge.out`,
    ],
    timeoutMs: 240_000,
  },
];

const results = new Map<string, Result>();
const result = (name: string): Result => results.get(name) ?? expect.fail(`the batch has no ${name}`);

beforeAll(async () => {
  const guests = [...guestsWithTranscript, ...[...EXAMPLES, "crash", "exit", "failure-device"].map(guest)];
  const small = ["hello", "net-echo"].map((name) => ({ ...guest(name), name: `small-${name}`, stack: 256 }));
  for (const one of [...guests, ...small]) {
    const image = (await build(one, folder)).replace(/spt$/, "hvt");
    if (one.name === "crash")
      for (const { why, code } of crashes) file(`${why}.hvt`, crashing(readFileSync(image), code));
    else files[`${one.name}.hvt`] = image;
  }
  file("storage.img", bytesOf(4096));
  file("log.img", new Uint8Array(4096));
  const steps = [
    ...guestsWithTranscript.map(guestStep),
    ...boots.map(({ why, words }) => ({ name: why, argv: ["./solo5-hvt", ...words] })),
    ...crashes.map(crashStep),
    ...deviceSteps,
  ];
  const ended = await runBatch({ files, programs: ["ip", "ping"], steps, timeoutMs: 2_400_000 });
  for (const one of ended) results.set(one.name, one);
}, 2_700_000);

describe("hvt images", () => {
  it.each(guestsWithTranscript)("boots $name, which prints its transcript", ({ name, golden, status }) => {
    const { stdout, stderr, ...ended } = result(name);
    expect(stderr).toBe("");
    expectGolden(golden, normal(stdout, join(folder, `${name}.map`)), { maker: false });
    expect(ended.status).toBe(status);
  });
});

describe("booting an hvt image", () => {
  it.each(boots)("$why", ({ why, status = 0, stdout = EMPTY, stderr = EMPTY }) => {
    const ended = result(why);
    expect(ended.stdout).toMatch(stdout);
    expect(ended.stderr).toMatch(stderr);
    expect(ended.status).toBe(status);
  });
});

/** The report of a trap behind its first line: registers. */
const REST = [
  /^Solo5: rip=0x[0-9a-f]+ rsp=0x[0-9a-f]+ rbp=0x[0-9a-f]+ rflags=0x[0-9a-f]+$/,
  /^Solo5: error=0x[0-9a-f]+ cr2=0x[0-9a-f]+ cs=0x8 ss=0x10$/,
  /^Solo5: rax=.* rbx=.* rcx=.* rdx=.* rsi=.* rdi=/,
  /^Solo5: r8=.* r9=.* r10=.* r11=/,
  /^Solo5: r12=.* r13=.* r14=.* r15=/,
];

describe("an hvt image that crashes", () => {
  it.each(crashes)("says how: $why", async ({ why, hvt }) => {
    const { status, stdout, stderr } = result(crashName(why));
    const [before, head = "", ...lines] = stdout.trimEnd().split("\n");
    expect(before).toBe("before");
    if ("tender" in hvt) {
      expect(stderr).toMatch(hvt.tender);
      expect(stderr.trimEnd()).not.toContain("\n");
      expect({ status, head, lines }).toEqual({ status: 1, head: "", lines: [] });
      return;
    }
    expect({ status, stderr }).toEqual({ status: 255, stderr: "" });
    expect(head.replace("Solo5: ABORT: ", "")).toMatch(hvt.trap);
    for (const [index, line] of REST.entries()) expect(lines[index]).toMatch(line);
    const [stack, ...others] = lines.slice(REST.length);
    expect(lines.at(-1)).toMatch(/^Solo5: build id [0-9a-f]{64}$/);
    if (hvt.astray) {
      expect(others).toEqual([]);
      return;
    }
    expect(stack).toBe("Solo5: JavaScript was at");

    const log = join(folder, "crash.log");
    writeFileSync(log, stdout);
    const shown = await uk(["symbolicate", log, "--map", join(folder, "crash.map")]);
    expect(shown).toMatchObject({ status: 0, stderr: "" });
    const frames = [
      ...shown.stdout.matchAll(/^ {4}at (\S+) \(\S*tests\/guests\/crash\/main\.ts:(\d+):\d+\)$/gm),
    ];
    expect(frames.map(([, name, line]) => [name, line])).toEqual([
      ["inner", "5"],
      ["outer", "10"],
      ["<anonymous>", "13"],
    ]);
  });
});

describe("devices of an hvt image", () => {
  it("block: two blocks, at once and later", () => {
    expect(result("block")).toMatchObject({ status: 0, stdout: "0: 4250c818\n512: 3e5a5530\n", stderr: "" });
  });

  it("disk-log: goes on where it ended", () => {
    const { status, stdout, kept } = result("disk-log");
    expect(stdout).toBe("recovered 0\nacknowledged 1\nacknowledged 2\nrecovered 2\nacknowledged 3\n");
    expect(status).toBe(0);
    expect(kept.get("log.img")?.toString("latin1")).toContain("record 3");
  });

  it.each([
    { name: "echo", count: 100 },
    { name: "echo without ring", count: 100 },
    { name: "burst", count: 1500 },
    { name: "burst without ring", count: 1500 },
    { name: "jumbo", count: 100, mtu: 9000 },
    { name: "small", count: 20 },
  ])("net-echo answers every ping, with the content it came with: $name", ({ name, count, mtu = 1500 }) => {
    const { status, stdout, stderr } = result(name);
    expect(stdout).toContain(`${count} packets transmitted, ${count} received, 0% packet loss`);
    expect(stdout).not.toContain("wrong data");
    expect(stdout).toContain(`answering for 10.0.0.2, mtu ${mtu}\nanswered ${count + 1} pings\n`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("net-bridge joins two taps: pings cross it to an echo behind", () => {
    const { stdout } = result("bridge");
    expect(stdout).toContain("20 packets transmitted, 20 received, 0% packet loss");
    expect(stdout).toContain("joining left and right\n");
  });
});
