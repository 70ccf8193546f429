import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { hasNamespaces, inNamespace, whyNot } from "./support/namespace.ts";
import { uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = workspace();

/** The image of an example. */
const image = (example: string): string => join(folder, `${example}.spt`);

beforeAll(async () => {
  for (const example of ["block", "net-echo", "net-bridge"]) {
    const built = await uk(["build", join(root, "examples", example), "--out-dir", folder]);
    expect(built).toMatchObject({ status: 0, stderr: "" });
  }
});

/** A disk whose bytes count up, in this test's folder. */
function disk(name: string, bytes: number): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    Uint8Array.from({ length: bytes }, (_, at) => at % 251),
  );
  return path;
}

describe("block devices of an spt image", () => {
  it("examples/block reads two blocks, at once and later", async () => {
    const path = disk("storage.img", 4096);
    const ended = await uk(["run", `--block:storage=${path}`, image("block")]);
    expect(ended).toEqual({ status: 0, signal: null, stdout: "0: 4250c818\n512: 3e5a5530\n", stderr: "" });
    expect(readFileSync(path)).toHaveLength(4096);
  });

  it("a missing device is named, and the guest does not start", async () => {
    const { status, stdout, stderr } = await uk(["run", image("block")]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("storage");
  });
});

describe.skipIf(!hasNamespaces)(`network devices of an spt image${whyNot}`, () => {
  it("examples/net-echo answers every one of 100 pings", async () => {
    const { status, stdout, stderr } = await inNamespace(
      folder,
      `
      tap tap0
      ip addr add 10.0.0.1/24 dev tap0
      uk run --net:service=tap0 ${image("net-echo")} --ipv4=10.0.0.2/24 --limit=100 > echo.out 2>&1 &
      says echo.out answering
      ping -q -c 100 -i 0.01 -w 30 10.0.0.2
      wait $!
      cat echo.out`,
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("100 packets transmitted, 100 received, 0% packet loss");
    expect(stdout).toMatch(/answering for 10\.0\.0\.2, mtu 1500\nanswered 100 pings\n$/);
    expect(status).toBe(0);
  });

  it("the MTU of the interface reaches the guest", async () => {
    const { stdout } = await inNamespace(
      folder,
      `
      tap tap0
      ip link set tap0 mtu 9000
      ip addr add 10.0.0.1/24 dev tap0
      uk run --net:service=tap0 ${image("net-echo")} --limit=1 > echo.out 2>&1 &
      says echo.out answering
      ping -q -c 1 -s 8900 -M do -w 30 10.0.0.2
      wait $!
      cat echo.out`,
    );
    expect(stdout).toContain("1 received");
    expect(stdout).toContain("mtu 9000");
  });

  it("examples/net-bridge joins two taps: a ping crosses it to an echo behind", async () => {
    const { stdout, stderr } = await inNamespace(
      folder,
      `
      tap tap0
      tap tap1
      tap tap2
      ip addr add 10.0.0.1/24 dev tap0
      ip link add behind type bridge
      ip link set behind up
      ip link set tap1 master behind
      ip link set tap2 master behind
      uk run --net:left=tap0 --net:right=tap1 ${image("net-bridge")} > bridge.out 2>&1 &
      bridge=$!
      uk run --net:service=tap2 ${image("net-echo")} --limit=20 > echo.out 2>&1 &
      echo=$!
      says bridge.out joining
      says echo.out answering
      ping -q -c 20 -i 0.01 -w 30 10.0.0.2
      wait $echo
      kill $bridge
      wait $bridge || true`,
    );
    expect(stderr).not.toMatch(/Error|uncaught/i);
    expect(stdout).toContain("20 packets transmitted, 20 received, 0% packet loss");
  });
});
