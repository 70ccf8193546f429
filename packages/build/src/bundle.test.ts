import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bundle, type World } from "./bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "uk-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What Node says that runs a bundle of this program. */
async function says(world: World, source: string): Promise<string> {
  const entry = join(folder, "main.ts");
  writeFileSync(entry, source);
  const { code } = await bundle({ entry, file: "main.js", world, cwd: folder });
  const env = { ...process.env, NODE_ENV: "of this host" };
  return spawnSync(process.execPath, ["--input-type=module", "-"], { input: code, encoding: "utf8", env })
    .stdout;
}

describe("a bundle", () => {
  it.each<World>(["guest", "manifest", "dev"])("keeps names, for %s", async (world) => {
    const source = `
      export class Foo { static self = Foo; }
      class Bar {}
      function other() { class Bar {} return Bar.name; }
      class Failure extends Error { static known = Failure; constructor() { super("x"); this.name = new.target.name; } }
      console.log(Foo.name, Bar.name, other(), String(new Failure()));`;
    expect(await says(world, source)).toBe("Foo Bar Bar Failure: x\n");
  });

  it.each<[World, string]>([
    ["guest", "production"],
    ["manifest", "production"],
    ["dev", "of this host"],
  ])("for %s says %s when it is asked for NODE_ENV", async (world, expected) => {
    expect(await says(world, "console.log(process.env.NODE_ENV);")).toBe(`${expected}\n`);
  });
});
