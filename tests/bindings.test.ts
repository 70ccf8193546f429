import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BindingsError } from "@uk/solo5-bindings";
import { openTarget } from "@uk/solo5-bindings/target";
import { binaryPath } from "@uk/tender-spt";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute, uk } from "./support/uk.ts";

// Inside the repository, so that the program finds the packages.
const folder = mkdtempSync(fileURLToPath(new URL(".work-", import.meta.url)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const image = join(folder, "two.spt");
const devices = [
  { name: "service", type: "NET_BASIC" },
  { name: "storage", type: "BLOCK_BASIC" },
];

beforeAll(async () => {
  const program = join(folder, "two.ts");
  writeFileSync(
    program,
    `import { block, net, run } from "@uk/miou-solo5"; run([net("service"), block("storage")], function* () {});`,
  );
  const built = await uk(["build", program, "--out-dir", folder]);
  expect(built).toMatchObject({ status: 0, stderr: "" });
  writeFileSync(join(folder, "empty.img"), "");
  writeFileSync(join(folder, "odd.img"), new Uint8Array(700));
  writeFileSync(join(folder, "disk.img"), new Uint8Array(1024));
});

/** What the tender says of these options, without its name and usage. */
async function tender(options: readonly string[]): Promise<readonly string[]> {
  const { status, stderr } = await execute(binaryPath(), [...options, "--", image], { cwd: folder });
  expect(status).toBe(1);
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("solo5-spt: "))
    .map((line) => line.slice("solo5-spt: ".length))
    .filter((line) => !line.startsWith(image) && !line.startsWith(`'${image}'`));
}

/** What the target `node` says of them. */
function target(options: readonly string[]): readonly string[] {
  const words = options.map((word) => word.replace(/=(\w+\.img)$/, `=${folder}/$1`));
  try {
    openTarget({ options: words, manifest: { devices }, cmdline: "" }).close();
  } catch (error) {
    return (error as BindingsError).why.replaceAll(`${folder}/`, "").split("\n");
  }
  return [];
}

describe("the target node refuses what solo5-spt refuses, in the same words", () => {
  it.each([
    [[]],
    [["--block:storage=disk.img"]],
    [["--nonsense"]],
    [["--net"]],
    [["--net:"]],
    [["--net:service"]],
    [["--net:service="]],
    [["--net:=tap0"]],
    [["--net:ser vice=tap0"]],
    [["--net:other=tap0"]],
    [["--net:storage=tap0"]],
    [["--net:service=nobody0"]],
    [["--net:service=abcdefghijklmnop"]],
    [["--net:service=lo"]],
    [["--net:service=@"]],
    [["--net:service=@1"]],
    [["--net:service=@1000000"]],
    [["--net-mac:service=02:00"]],
    [["--net-mac:storage=02:00:00:00:00:01"]],
    [["--block:service=disk.img"]],
    [["--block:storage=none.img"]],
    [["--block:storage=/dev/null"]],
    [["--block:storage=/"]],
    [["--block:storage=empty.img"]],
    [["--block:storage=odd.img"]],
    [["--block:storage=disk.img", "--block-sector-size:storage=2048"]],
    [["--block-sector-size:storage=0"]],
    [["--block-sector-size:storage=65536"]],
    [["--block-sector-size:service=512"]],
    [["--mem"]],
    [["--mem=0"]],
    [["--mem=8x"]],
    [["--mem=99999999999999999999"]],
  ])("%j", async (options) => {
    const said = await tender(options);
    expect(said.length).toBeGreaterThan(0);
    expect(target(options)).toEqual(said);
  });
});

/** A program that runs an example on the target `node`: its words are options, `--`, and the arguments. */
async function launcher(
  example: string,
  devices: readonly { name: string; type: string }[],
): Promise<string> {
  const path = join(folder, `${example}.mjs`);
  await build({
    stdin: {
      contents: `
        import { installTarget } from "@uk/miou-solo5/target";
        import { openTarget } from "@uk/solo5-bindings/target";
        const words = process.argv.slice(2);
        const end = words.indexOf("--");
        const [options, args] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
        installTarget(openTarget({ options, manifest: ${JSON.stringify({ devices })}, cmdline: args.join(" ") }));
        await import(${JSON.stringify(fileURLToPath(new URL(`../examples/${example}/main.ts`, import.meta.url)))});`,
      resolveDir: folder,
    },
    outfile: path,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["@uk/solo5-bindings"],
  });
  return path;
}

const refused = await execute("unshare", ["--net", "test", "-c", "/dev/net/tun"]);
const why = refused.status === 0 ? "" : " (skipped: this machine has no namespaces or no /dev/net/tun)";

describe("examples on the target node", () => {
  it("block reads two blocks, at once and later, and prints what it prints as an image", async () => {
    const path = join(folder, "counting.img");
    writeFileSync(
      path,
      Uint8Array.from({ length: 4096 }, (_, at) => at % 251),
    );
    const program = await launcher("block", [{ name: "storage", type: "BLOCK_BASIC" }]);
    expect(await execute(process.execPath, [program, `--block:storage=${path}`])).toEqual({
      status: 0,
      signal: null,
      stdout: "0: 4250c818\n512: 3e5a5530\n",
      stderr: "",
    });
  });

  it.skipIf(refused.status !== 0)(
    `net-bridge joins two taps, and net-echo answers 100 pings through it${why}`,
    async () => {
      const echo = await launcher("net-echo", [{ name: "service", type: "NET_BASIC" }]);
      const bridge = await launcher("net-bridge", [
        { name: "left", type: "NET_BASIC" },
        { name: "right", type: "NET_BASIC" },
      ]);
      const script = `set -e
      says() { for n in $(seq 3000); do grep -q "$2" "$1" && return 0; sleep 0.01; done; cat "$1"; return 1; }
      cd "${folder}"
      for tap in tap0 tap1 tap2; do ip tuntap add "$tap" mode tap; ip link set "$tap" up; done
      ip addr add 10.0.0.1/24 dev tap0
      ip link add behind type bridge
      ip link set behind up
      for tap in tap1 tap2; do ip link set "$tap" master behind; done
      node() { "${process.execPath}" "$@"; }
      node "${bridge}" --net:left=tap0 --net:right=tap1 > bridge.out 2>&1 &
      bridge=$!
      node "${echo}" --net:service=tap2 -- --ipv4=10.0.0.2/24 --limit=100 > echo.out 2>&1 &
      echo=$!
      says bridge.out joining
      says echo.out answering
      ping -q -c 100 -i 0.01 -w 30 10.0.0.2
      wait $echo
      kill $bridge
      wait $bridge || true
      cat echo.out`;
      const { status, stdout, stderr } = await execute("unshare", ["--net", "sh", "-c", script]);
      expect(stderr).not.toMatch(/Error|uncaught/i);
      expect(stdout).toContain("100 packets transmitted, 100 received, 0% packet loss");
      expect(stdout).toMatch(/answering for 10\.0\.0\.2, mtu 1500\nanswered 100 pings\n$/);
      expect(status).toBe(0);
    },
  );
});
