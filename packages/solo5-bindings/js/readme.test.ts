import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { execute, noNamespaces, workspace } from "./testing/world.ts";

const folder = workspace();
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [blocks = "", frames = "", launcher = ""] = readme
  .split("```ts\n")
  .slice(1)
  .map((part) => part.split("```")[0]);

/** A program of the README, in a folder where the packages are found; it runs in the test's folder. */
function file(name: string, program: string): string {
  const path = join(folder, name);
  const resolved = program.replace(/from "(@uk\/[^"]+)"/g, (_, name: string) => {
    const own = /^@uk\/solo5-bindings(?:\/(.+))?$/.exec(name);
    const url =
      own === null
        ? import.meta.resolve(name)
        : new URL(`../dist/${own[1] ?? "index"}.js`, import.meta.url).href;
    return `from ${JSON.stringify(url)}`;
  });
  writeFileSync(path, resolved);
  return path;
}

it("the first program of the README writes and reads a block", () => {
  const printed = execFileSync(process.execPath, [file("blocks.mjs", blocks)], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(printed).toBe("8192 bytes, the first block holds 0s\n");
});

it("the program of the README that needs an interface sends a frame back, and the launcher attaches it", async ({
  skip,
}) => {
  const refused = await noNamespaces();
  if (refused !== undefined) skip(refused);
  const script = `set -e
    cd "${folder}"
    ip tuntap add tap0 mode tap
    ip addr add 10.0.0.1/24 dev tap0
    ip link set tap0 up
    # Somebody who sends frames: ARP requests, until the program has had one.
    ping -q -i 0.2 -w 60 10.0.0.2 > /dev/null 2>&1 &
    trap "kill $!" EXIT
    "${process.execPath}" "${file("frames.mjs", frames)}"
    echo sent
    truncate -s 4096 disk.img
    "${process.execPath}" "${file("launcher.mjs", `${launcher}console.log(target.target);target.close();`)}"`;
  const { status, stdout, stderr } = await execute("unshare", ["--net", "sh", "-c", script]);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "sent\nnode\n", stderr: "" });
});

it("the README names every error code and every export", async () => {
  const codes =
    readFileSync(new URL("errors.ts", import.meta.url), "utf8").match(/(?<=^ {2}\| ")\w+/gm) ?? [];
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
  const exported = [
    ...Object.keys(await import("./index.ts")),
    ...Object.keys(await import("./miou.ts")),
    ...Object.keys(await import("./target.ts")),
  ];
  expect(exported.filter((name) => !readme.includes(name))).toEqual([]);
});
