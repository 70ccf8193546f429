// The examples that have devices: the same programs, the same words, in every world.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BootOptions, World } from "@uk/miou-solo5/memory";
import { beforeAll, describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { hasNamespaces, inNamespace, whyNot } from "./support/namespace.ts";
import { Pinger } from "./support/ping.ts";
import { printed } from "./support/printed.ts";
import { uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const examples = fileURLToPath(new URL("../examples", import.meta.url));
/** A program whose two devices have one name. */
const SHARED_NAME = fileURLToPath(new URL("programs/shared-name.ts", import.meta.url));
const SHARED_NAME_SAYS = "blocks of 512 bytes, 1024 in all; mtu 1500\n";
const folder = workspace();

/** What the examples print. */
const SAYS = {
  block: "0: 4250c818\n512: 3e5a5530\n",
  "disk-log": "recovered 0\nacknowledged 1\nacknowledged 2\nrecovered 2\nacknowledged 3\n",
  "net-echo": "answering for 10.0.0.2, mtu 1500\nanswered 100 pings\n",
  "net-bridge": "joining left and right\n",
};

/** A disk whose bytes count up. */
const counting = (bytes: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: bytes }, (_, at) => at % 251);

function disk(name: string, bytes: number): string {
  const path = join(folder, name);
  writeFileSync(path, counting(bytes));
  return path;
}

describe("in memory", () => {
  let loads = 0;
  /** Boots an example, a copy of its modules each time. */
  const boot = (world: World, example: string, hardware: BootOptions) =>
    world.boot(hardware, () => import(/* @vite-ignore */ `${examples}/${example}/main.ts?${loads++}`));

  it("[187] block reads two blocks, at once and later", async () => {
    const world = new World();
    const output = await printed(async () => {
      await boot(world, "block", { block: { storage: world.disk({ content: counting(4096) }) } });
      await world.run();
    });
    expect(output).toBe(SAYS.block);
  });

  it("disk-log goes on where it ended", async () => {
    const world = new World();
    const storage = world.disk({ size: 4096 });
    const output = await printed(async () => {
      for (const cmdline of ["2", "1"]) {
        await boot(world, "disk-log", { cmdline, block: { storage } });
        await world.run();
      }
    });
    expect(output).toBe(SAYS["disk-log"]);
  });

  it("net-echo answers every one of 100 pings that cross net-bridge", async () => {
    const world = new World();
    const [near, far] = [world.link(), world.link()];
    const pinger = new Pinger(near.port(), [10, 0, 0, 1], [10, 0, 0, 2]);
    const output = await printed(async () => {
      await boot(world, "net-bridge", { net: { left: near, right: far } });
      await world.run();
      await boot(world, "net-echo", { cmdline: "--ipv4=10.0.0.2/24 --limit=100", net: { service: far } });
      pinger.ask();
      for (let n = 1; n <= 100; n++) world.at(BigInt(n) * 10_000_000n, () => pinger.ping(n));
      await world.run();
    });
    expect(output).toBe(SAYS["net-bridge"] + SAYS["net-echo"]);
    expect(pinger.answers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it("devices of two types share a name", async () => {
    const world = new World();
    const output = await printed(async () => {
      const hardware = { net: { shared: world.link() }, block: { shared: world.disk({ size: 1024 }) } };
      await world.boot(hardware, () => import(/* @vite-ignore */ SHARED_NAME));
      await world.run();
    });
    expect(output).toBe(SHARED_NAME_SAYS);
  });
});

/** How `uk` starts an example; its options take the place of OPTIONS. */
const worlds = [
  { world: "on Node", start: (example: string) => `dev --no-watch OPTIONS ${join(examples, example)}` },
  { world: "as spt images", start: (example: string) => `run OPTIONS ${join(folder, `${example}.spt`)}` },
];

beforeAll(async () => {
  for (const example of Object.keys(SAYS)) await build(guest(example), folder);
  await build({ name: "shared-name", entry: SHARED_NAME }, folder);
});

it("an image shows devices of two types that share a name", async () => {
  const { stdout } = await uk(["inspect", join(folder, "shared-name.spt")]);
  expect(stdout).toMatch(/\n1 {7}shared {2}BLOCK_BASIC\n2 {7}shared {2}NET_BASIC\n\n/);
});

describe.each(worlds)("$world", ({ world, start }) => {
  const name = world.replaceAll(" ", "-");
  const run = (example: string, options: string, args: string): string =>
    `${start(example).replace("OPTIONS ", options === "" ? "" : `${options} `)} ${args}`.trimEnd();
  const words = (line: string): string[] => line.split(" ");

  it("[187] block reads two blocks, at once and later", async () => {
    const path = disk(`${name}.block`, 4096);
    const ended = await uk(words(run("block", `--block:storage=${path}`, "")));
    expect(ended).toEqual({ status: 0, signal: null, stdout: SAYS.block, stderr: "" });
    expect(readFileSync(path)).toHaveLength(4096);
  });

  it("disk-log goes on where it ended", async () => {
    const path = join(folder, `${name}.log`);
    writeFileSync(path, new Uint8Array(4096));
    let output = "";
    for (const count of ["2", "1"])
      output += (await uk(words(run("disk-log", `--block:storage=${path}`, count)))).stdout;
    expect(output).toBe(SAYS["disk-log"]);
  });

  it("a missing device is named, and the program does not start", async () => {
    const { status, stdout, stderr } = await uk(words(run("block", "", "")));
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("storage");
  });

  it.skipIf(!hasNamespaces)(`net-echo answers every one of 100 pings${whyNot}`, async () => {
    const { status, stdout, stderr } = await inNamespace(
      folder,
      `tap tap0
      ip addr add 10.0.0.1/24 dev tap0
      uk ${run("net-echo", "--net:service=tap0", "--ipv4=10.0.0.2/24 --limit=100")} > echo.out 2>&1 &
      says echo.out answering
      ping -q -c 100 -i 0.01 -w 30 10.0.0.2
      wait $!
      cat echo.out`,
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("100 packets transmitted, 100 received, 0% packet loss");
    expect(stdout.endsWith(SAYS["net-echo"])).toBe(true);
    expect(status).toBe(0);
  });

  it.skipIf(!hasNamespaces)(`devices of two types share a name${whyNot}`, async () => {
    const path = disk(`${name}.shared`, 1024);
    const program = start("shared-name").replace(join(examples, "shared-name"), SHARED_NAME);
    const options = `--net:shared=tap0 --block:shared=${path}`;
    const ended = await inNamespace(folder, `tap tap0\nuk ${program.replace("OPTIONS", options)}`);
    expect(ended).toEqual({ status: 0, signal: null, stdout: SHARED_NAME_SAYS, stderr: "" });
  });

  it.skipIf(!hasNamespaces)(`the MTU of the interface reaches the program${whyNot}`, async () => {
    const { stdout } = await inNamespace(
      folder,
      `tap tap0
      ip link set tap0 mtu 9000
      ip addr add 10.0.0.1/24 dev tap0
      uk ${run("net-echo", "--net:service=tap0", "--limit=1")} > echo.out 2>&1 &
      says echo.out answering
      ping -q -c 1 -s 8900 -M do -w 30 10.0.0.2
      wait $!
      cat echo.out`,
    );
    expect(stdout).toContain("1 received");
    expect(stdout).toContain("mtu 9000");
  });

  it.skipIf(!hasNamespaces)(
    `net-bridge joins two taps: a ping crosses it to an echo behind${whyNot}`,
    async () => {
      const { stdout, stderr } = await inNamespace(
        folder,
        `for name in tap0 tap1 tap2; do tap $name; done
      ip addr add 10.0.0.1/24 dev tap0
      ip link add behind type bridge
      ip link set behind up
      for name in tap1 tap2; do ip link set $name master behind; done
      uk ${run("net-bridge", "--net:left=tap0 --net:right=tap1", "")} > bridge.out 2>&1 &
      bridge=$!
      uk ${run("net-echo", "--net:service=tap2", "--limit=100")} > echo.out 2>&1 &
      echo=$!
      says bridge.out joining
      says echo.out answering
      ping -q -c 100 -i 0.01 -w 30 10.0.0.2
      wait $echo
      kill $bridge
      wait $bridge || true
      cat bridge.out echo.out`,
      );
      expect(stderr).not.toMatch(/Error|uncaught/i);
      expect(stdout).toContain("100 packets transmitted, 100 received, 0% packet loss");
      expect(stdout).toContain(SAYS["net-bridge"]);
      expect(stdout).toContain(SAYS["net-echo"]);
    },
  );
});
