import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { World } from "@uk/miou-solo5/memory";
import { binaryPath as hvtTender } from "@uk/tender-hvt";
import { binaryPath as sptTender } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { expectGolden } from "./support/golden.ts";
import { hasNamespaces, inNamespace, whyNot } from "./support/namespace.ts";
import { printed } from "./support/printed.ts";
import { BIN, execute, uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";
import { runBatch } from "./vm/batch.ts";

const folder = workspace();
const sources = fileURLToPath(new URL("conformance", import.meta.url));
const golden = join(sources, "expected.txt");
const ARGS = "one  two three";

/** The disks of the suite, fresh, by name. */
const disks = (): Record<string, Uint8Array<ArrayBuffer>> => ({
  storage: Uint8Array.from({ length: 4096 }, (_, at) => at % 251),
  pages: new Uint8Array(8192),
  fixed: new Uint8Array(1024).fill(7),
});

/**
 * Runs a command in which `@WIRE` stands for a socket: `wire KIND FRAMES COMMAND`. Frames of these lengths are on their
 * way in it; the other end of one with connected datagrams (kind 5) is closed, that of another (2) open.
 */
const WIRE = `wire() { perl -e '$^F = 255;
    my ($kind, $frames) = splice @ARGV, 0, 2;
    socketpair(my $ours, my $theirs, 1, $kind, 0) or die $!;
    defined send($theirs, "x" x $_, 0) or die $! for split /,/, $frames;
    close $theirs if $kind == 5;
    my $number = fileno $ours;
    s/\\@WIRE/\\@$number/ for @ARGV;
    exec @ARGV or die $!' "$@"; }`;

/** Writes the disks into files; the options of a tender that attach the suite's devices. */
function options(world: string): string {
  for (const [name, content] of Object.entries(disks()))
    writeFileSync(join(folder, `${world}.${name}`), content);
  return `--net:service=tap0 --net:quiet=tap9 --net:wire=@WIRE --block:storage=${world}.storage --block:pages=${world}.pages \
    --block-sector-size:pages=4096 --block:fixed=${world}.fixed`;
}

/** A network with the peer behind a bridge, an interface with nobody on it, and `fixed` on a read-only mount. */
const hardware = (world: string, tap: string): string => `
  for conf in all default; do echo 1 > /proc/sys/net/ipv6/conf/$conf/disable_ipv6; done
  for name in tap0 tap1 tap9; do ${tap}; done
  ip link add behind type bridge
  ip link set behind up
  for name in tap0 tap1; do ip link set $name master behind; done
  mount --bind ${world}.fixed ${world}.fixed
  mount -o remount,bind,ro ${world}.fixed`;

/** Runs the peer, then the suite, and ends the peer. */
const both = (world: string, start: (program: string) => string): string => {
  const words = ARGS.split(" ").map((word) => `"${word}"`);
  return `${start("peer").replace("OPTIONS", "--net:service=tap1")} > ${world}.peer 2>&1 &
    peer=$!
    says ${world}.peer listening
    wire 2 0,60,0,61 ${start("main").replace("OPTIONS", options(world))} ${words.join(" ")} || status=$?
    kill $peer
    wait $peer || true
    exit \${status:-0}`;
};

/** What a shell and a tender say of a peer that is ended, and of a disk that can only be read. */
const EXPECTED = /^$|^Terminated$|: warning: .*read-only/;

/** Runs the suite with real devices; `start` gives the command that starts a program. */
async function withDevices(world: string, start: (program: string) => string): Promise<string> {
  const { status, stdout, stderr } = await inNamespace(
    folder,
    `${WIRE}\n${hardware(world, "tap $name")}\n${both(world, start)}`,
  );
  const complaints = stderr.split("\n").filter((line) => !EXPECTED.test(line));
  expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
  return stdout;
}

/** Attaches 63 disks of one block, which begin with their number, and checks what the program wrote. */
async function manyDisks(world: string, start: string): Promise<void> {
  const numbers = Array.from({ length: 63 }, (_, index) => index + 1);
  const file = (number: number): string => join(folder, `${world}.disk${number}`);
  for (const number of numbers) writeFileSync(file(number), new Uint8Array(512).fill(number));
  const attached = numbers.map((number) => `--block:disk${number}=${file(number)}`);
  const words = start.replace('"$node" "$bin" ', "").split(" ");
  const ended = await uk(words.flatMap((word) => (word === "OPTIONS" ? attached : word)));
  expect(ended).toMatchObject({ status: 0, stdout: "63 devices, each its own\n", stderr: "" });
  for (const number of numbers) expect(readFileSync(file(number))[0]).toBe(201 - number);
}

/** What `gone.ts` says of a socket whose other end was closed behind a frame of 60 bytes. */
const GONE = /^60 bytes\nSolo5Error: net_read: EUNSPEC: device "wire" is down, or the host cannot read it\n$/;

/** Runs `gone.ts` on such a socket. */
async function saysThatItIsGone(start: string): Promise<void> {
  const command = `wire 5 60 ${start.replace("OPTIONS", "--net:wire=@WIRE")}`;
  const ended = await execute("sh", ["-c", `${WIRE}\nnode=$0 bin=$1\n${command}`, process.execPath, BIN]);
  expect(ended).toMatchObject({ status: 0, stderr: "" });
  expect(ended.stdout).toMatch(GONE);
}

describe("the in-memory target", () => {
  it("keeps the promises of the suite", async () => {
    const world = new World();
    const [lan, nobody, wire] = [world.link(), world.link(), world.link()];
    const { storage = new Uint8Array(), pages = new Uint8Array(), fixed = new Uint8Array() } = disks();
    const output = await printed(async () => {
      await world.boot({ name: "peer", net: { service: lan } }, () => import("./conformance/peer.ts"));
      await world.boot(
        {
          cmdline: ARGS,
          net: { service: lan, quiet: nobody, wire },
          block: {
            storage: world.disk({ content: storage }),
            pages: world.disk({ content: pages, blockSize: 4096 }),
            fixed: world.disk({ content: fixed, readOnly: true }),
          },
        },
        () => import("./conformance/main.ts"),
      );
      const sender = wire.port();
      for (const length of [0, 60, 0, 61]) sender.send(new Uint8Array(length));
      await world.run();
    });
    expectGolden(golden, output.replace("peer: listening\n", ""), { maker: true });
  });

  it("has 63 devices", async () => {
    const world = new World();
    const numbers = Array.from({ length: 63 }, (_, index) => index + 1);
    const disk = (number: number) => world.disk({ content: new Uint8Array(512).fill(number) });
    const block = Object.fromEntries(numbers.map((number) => [`disk${number}`, disk(number)]));
    const output = await printed(async () => {
      await world.boot({ block }, () => import("./conformance/many.ts"));
      await world.run();
    });
    expect(output).toBe("63 devices, each its own\n");
    for (const number of numbers) expect(block[`disk${number}`]?.content[0]).toBe(201 - number);
  });
});

describe("the target node", () => {
  const start = (program: string): string => `"$node" "$bin" dev --no-watch OPTIONS ${sources}/${program}.ts`;

  it.skipIf(!hasNamespaces)(`keeps the promises of the suite${whyNot}`, async () => {
    expectGolden(golden, await withDevices("node", start), { maker: false });
  });

  it("has 63 devices", () => manyDisks("node", start("many")));

  it("says that the other end of a socket is closed, after its last frame", () =>
    saysThatItIsGone(start("gone")));
});

beforeAll(async () => {
  for (const name of ["peer", "main", "many", "gone"])
    await build({ name, entry: join(sources, `${name}.ts`) }, folder);
});

describe("spt images", () => {
  const start = (program: string): string => `"$node" "$bin" run OPTIONS ${folder}/${program}.spt`;

  it.skipIf(!hasNamespaces)(`keep the promises of the suite${whyNot}`, async () => {
    expectGolden(golden, await withDevices("spt", start), { maker: false });
  });

  it("have 63 devices", () => manyDisks("spt", start("many")));

  it("say that the other end of a socket is closed, after its last frame", () =>
    saysThatItIsGone(start("gone")));
});

describe("hvt images", () => {
  it("keep the promises of the suite, and have 63 devices", { timeout: 300_000 }, async () => {
    // The peer is an spt image: one processor that emulates another one has enough to do.
    const suite = both("hvt", (program) =>
      program === "peer" ? "./solo5-spt OPTIONS peer.spt" : "./solo5-hvt OPTIONS main.hvt",
    );
    const script = `says() { for n in $(seq 3000); do grep -qs "$2" "$1" && return 0; sleep 0.01; done; cat "$1"; return 1; }
      set -e
      ${WIRE}
      ${hardware("hvt", "ip link set $name up")}
      ${suite}`;
    const numbers = Array.from({ length: 63 }, (_, index) => index + 1);
    for (const number of numbers)
      writeFileSync(join(folder, `hvt.disk${number}`), new Uint8Array(512).fill(number));
    const disks = numbers.map((number) => `hvt.disk${number}`);
    const names = [
      "peer.spt",
      "main.hvt",
      "many.hvt",
      "gone.hvt",
      "hvt.storage",
      "hvt.pages",
      "hvt.fixed",
      ...disks,
    ];
    const [suiteEnded, manyEnded, goneEnded] = await runBatch({
      files: {
        "solo5-hvt": hvtTender(),
        "solo5-spt": sptTender(),
        ...Object.fromEntries(names.map((name) => [name, join(folder, name)])),
      },
      programs: ["perl"],
      steps: [
        {
          name: "suite",
          taps: ["tap0", "tap1", "tap9"].map((name) => ({ name })),
          argv: ["unshare", "--mount", "sh", "-c", script],
          timeoutMs: 240_000,
        },
        {
          name: "many",
          argv: [
            "./solo5-hvt",
            ...numbers.map((number) => `--block:disk${number}=hvt.disk${number}`),
            "many.hvt",
          ],
          keep: disks,
        },
        {
          name: "gone",
          argv: ["sh", "-c", `${WIRE}\nwire 5 60 ./solo5-hvt --net:wire=@WIRE gone.hvt`],
        },
      ],
    });
    const complaints = suiteEnded?.stderr.split("\n").filter((line) => !EXPECTED.test(line));
    expect({ status: suiteEnded?.status, complaints }).toEqual({ status: 0, complaints: [] });
    expectGolden(golden, suiteEnded?.stdout ?? "", { maker: false });
    expect(manyEnded).toMatchObject({ status: 0, stdout: "63 devices, each its own\n", stderr: "" });
    expect(goneEnded).toMatchObject({ status: 0, stderr: "" });
    expect(goneEnded?.stdout).toMatch(GONE);
    for (const number of numbers) expect(manyEnded?.kept.get(`hvt.disk${number}`)?.[0]).toBe(201 - number);
  });
});
