import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { execute } from "./support/uk.ts";
import { emptyFolder, root } from "./support/workspace.ts";

const folder = emptyFolder();
const example = join(root, "examples/embed-manifest");
const build = (...words: string[]) =>
  execute(process.execPath, [join(example, "build.mjs"), ...words], { cwd: example });

describe("examples/embed-manifest", () => {
  it("makes C of a manifest, which compiles with the header of @uk/manifest", async () => {
    const output = join(folder, "manifest.c");
    expect(await build("app.manifest.json", output)).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(output, "utf8")).toContain(
      '[2] = { .name = "storage", .type = MFT_DEV_BLOCK_BASIC }',
    );
    const include = join(root, "packages/manifest/include");
    const words = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", `-I${include}`, output];
    expect(await execute("cc", words)).toMatchObject({ status: 0, stderr: "" });
  });

  it("has esbuild show what is wrong in a manifest, each fault at its place, and writes nothing", async () => {
    const source = join(folder, "wrong.manifest.json");
    writeFileSync(
      source,
      `{
  "type": "solo5.manifest", "version": 1,
  "devices": [
    { "name": "net 0", "type": "NET_BASIC" },
    { "name": "dïsk",  "type": "BLOCK" }
  ]
}`,
    );
    const output = join(folder, "wrong.c");
    const { status, stderr } = await build(source, output);
    expect(status).toBe(1);
    const letters = "expected only letters and digits of ASCII";
    const shown = [
      ...stderr.matchAll(/\[ERROR\] (.*) \[plugin .*\n\n +.*wrong\.manifest\.json:(.*):\n.*│ (.*)\n/g),
    ];
    expect(shown.map(([, text, place, line]) => ({ text, place, line }))).toEqual([
      {
        text: `.devices[0].name: ${letters}, found "net 0"`,
        place: "4:14",
        line: '    { "name": "net 0", "type": "NET_BASIC" },',
      },
      {
        text: `.devices[1].name: ${letters}, found "d\\u00efsk"`,
        place: "5:14",
        line: '    { "name": "dïsk",  "type": "BLOCK" }',
      },
      {
        text: '.devices[1].type: expected "NET_BASIC" or "BLOCK_BASIC", found "BLOCK"',
        place: "5:32",
        line: '    { "name": "dïsk",  "type": "BLOCK" }',
      },
    ]);
    expect(existsSync(output)).toBe(false);
  });
});
