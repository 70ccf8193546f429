import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildSource } from "./support/boot.ts";
import { blocks } from "./support/readme.ts";
import { BIN, execute, uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();

/** A file in the test's folder. */
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Builds a program and boots it; what it printed. */
async function boot(name: string, program: string): Promise<string> {
  const { status, stdout, stderr } = await uk(["run", await buildSource(name, program, folder)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

describe("what the READMEs show", () => {
  it("the program on the first page says hello", async () => {
    const [program = ""] = blocks("README.md", "ts");
    expect(await boot("first-page", program)).toBe("Hello World\n");
  });

  it("the program of @uk/miou-solo5 ticks, and its devices are in the manifest", async () => {
    const [ticker = "", devices = ""] = blocks("packages/miou-solo5/README.md", "ts");
    expect(await boot("ticker", ticker)).toBe("tick 1\ntick 2\ntick 3\n0 arguments, up since bigint\n");
    const { stdout } = await uk(["manifest", file("devices.ts", devices)]);
    expect(JSON.parse(stdout)).toMatchObject({ devices: [{ name: "service", type: "NET_BASIC" }] });
  });

  it("the world of @uk/miou-solo5/memory passes most of a day", async () => {
    const world = blocks("packages/miou-solo5/README.md", "ts").find((block) => block.includes("new World"));
    const ended = await execute("npx", [
      "esbuild",
      file("world.ts", world ?? ""),
      "--format=esm",
      "--target=es2022",
      `--outfile=${join(folder, "world.mjs")}`,
      "--log-level=error",
    ]);
    expect(ended).toMatchObject({ status: 0 });
    expect(await execute(process.execPath, [join(folder, "world.mjs")])).toMatchObject({
      status: 0,
      stdout: "ended 1500 1894 16n\n",
      stderr: "",
    });
  });

  it("the program of @uk/runtime links an image that boots", async () => {
    const [program = ""] = blocks("packages/runtime/README.md", "ts");
    const linked = await execute(process.execPath, [file("link.mjs", program)], { cwd: folder });
    expect(linked).toMatchObject({ status: 0, stderr: "" });
    expect(await uk(["run", join(folder, "hello.spt")])).toMatchObject({
      status: 0,
      stdout: "Hello World\n",
    });
  });

  it("the program of @uk/build builds an image that boots, and says what is missing", async () => {
    const [hello = "", build = ""] = blocks("packages/build/README.md", "ts");
    file("hello.ts", hello);
    const built = await execute(process.execPath, [file("build.mjs", build)], { cwd: folder });
    const [printed] = blocks("packages/build/README.md", "text");
    expect(built).toMatchObject({ status: 0, stdout: printed, stderr: "" });
    expect(await uk(["run", join(folder, "dist/hello.spt")])).toMatchObject({ stdout: "Hello World\n" });
  });

  it("the commands of @uk/cli build a program and boot it", async () => {
    const commands = blocks("packages/cli/README.md", "sh").find((block) => block.includes("uk build")) ?? "";
    const script = `set -e\nnpx() { shift; "${process.execPath}" "${BIN}" "$@"; }\n${commands}`;
    const { status, stdout } = await execute("sh", ["-c", script], { cwd: folder });
    expect(status).toBe(0);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("Hello World");
  });
});
