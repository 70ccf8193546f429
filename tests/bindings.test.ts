import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BindingsError } from "@uk/solo5-bindings";
import { openTarget } from "@uk/solo5-bindings/target";
import { binaryPath } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { buildSource } from "./support/boot.ts";
import { execute } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
const image = join(folder, "two.spt");
const devices = [
  { name: "service", type: "NET_BASIC" },
  { name: "storage", type: "BLOCK_BASIC" },
];

beforeAll(async () => {
  const program = `import { block, net, run } from "@uk/miou-solo5";
    run([net("service"), block("storage")], function* () {});`;
  await buildSource("two", program, folder);
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
