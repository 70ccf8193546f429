import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { execute, workspace } from "./testing/world.ts";

const folder = workspace();
const here = fileURLToPath(new URL("..", import.meta.url));
const ADDON = "solo5-bindings.linux-x64-gnu.node";
const PLATFORM = "@uk/solo5-bindings-linux-x64-gnu";

/** What somebody has who installed the package: what npm would pack of it, and what it depends on. */
function installed(name: string, from = here): string {
  const modules = join(folder, name, "node_modules");
  const target = join(modules, "@uk/solo5-bindings");
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: from,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as [{ files: { path: string }[] }];
  for (const { path } of packed.files) cpSync(join(from, path), join(target, path), { recursive: true });
  for (const dependency of ["miou", "miou-solo5"])
    symlinkSync(join(here, "..", dependency), join(modules, "@uk", dependency));
  return target;
}

/** What a call of the package in `target` says in a process of its own. */
async function call(target: string, before = ""): Promise<string> {
  const entry = pathToFileURL(join(target, "dist/index.js")).href;
  const { stdout, stderr } = await execute(process.execPath, [
    "--input-type=module",
    "-e",
    `${before}
     const { openBlock } = await import(${JSON.stringify(entry)});
     try { openBlock("/dev/null"); } catch (error) { console.log(error.code + ": " + error.message); }`,
  ]);
  return stdout + stderr;
}

describe("the addon", () => {
  it("can unwind: a defect in it becomes an error, and not the end of the process", () => {
    // A library that is built to abort does not link the function that begins to unwind.
    expect(readFileSync(join(here, "dist", ADDON)).includes("_Unwind_RaiseException")).toBe(true);
  });

  it("needs no library but libc and libgcc, and no glibc later than 2.34", () => {
    const text = readFileSync(join(here, "dist", ADDON), "latin1");
    const versions = [...text.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    expect(Math.max(...versions)).toBeLessThanOrEqual(34);
    expect([...new Set(text.match(/\blib[\w+-]+\.so\.\d+/g))].sort()).toEqual(["libc.so.6", "libgcc_s.so.1"]);
  });
});

describe("the package as npm would install it", () => {
  it("has no addon of its own, and says what to install when there is none", async () => {
    const target = installed("alone");
    expect(existsSync(join(target, "dist", ADDON))).toBe(false);
    expect(existsSync(join(target, "dist/index.d.ts"))).toBe(true);
    expect(await call(target)).toContain(
      `NOT_BUILT: @uk/solo5-bindings: NOT_BUILT: the addon is missing: install ${PLATFORM}`,
    );
  });

  it("takes the addon of the platform's package, as the release prepares it", async () => {
    const release = join(folder, "release");
    for (const path of ["package.json", "dist", "npm"])
      cpSync(join(here, path), join(release, path), { recursive: true });
    const json = JSON.parse(readFileSync(join(release, "package.json"), "utf8"));
    writeFileSync(join(release, "package.json"), JSON.stringify({ ...json, version: "1.2.3" }));
    execFileSync(process.execPath, [join(here, "scripts/prepublish.mjs"), release]);

    const prepared = JSON.parse(readFileSync(join(release, "package.json"), "utf8"));
    expect(prepared.optionalDependencies).toEqual({ [PLATFORM]: "1.2.3" });
    const platform = join(release, "npm/linux-x64-gnu");
    expect(JSON.parse(readFileSync(join(platform, "package.json"), "utf8"))).toMatchObject({
      name: PLATFORM,
      version: "1.2.3",
      os: ["linux"],
      cpu: ["x64"],
      libc: ["glibc"],
      main: ADDON,
      files: [ADDON],
    });

    const target = installed("both", release);
    cpSync(platform, join(folder, "both/node_modules", PLATFORM), { recursive: true });
    expect(await call(target)).toContain("KIND: openBlock: KIND: '/dev/null' is neither a regular file nor");
  });

  it("says that there is none for another system, and only when it is used", async () => {
    const target = installed("elsewhere");
    const other = (name: string, value: string) =>
      `Object.defineProperty(process, "${name}", { value: "${value}" });`;
    expect(await call(target, other("platform", "darwin"))).toContain(
      "UNSUPPORTED: @uk/solo5-bindings: UNSUPPORTED: there is no addon for darwin on x64, only for linux on x64",
    );
    expect(await call(target, other("arch", "arm64"))).toContain("no addon for linux on arm64");
  });

  it("says what is wrong with an addon that cannot be loaded", async () => {
    const target = installed("broken");
    const platform = join(folder, "broken/node_modules", PLATFORM);
    mkdirSync(platform, { recursive: true });
    cpSync(join(here, "npm/linux-x64-gnu/package.json"), join(platform, "package.json"));
    writeFileSync(join(platform, ADDON), "not a library");
    expect(await call(target)).toMatch(/^LOAD: .* cannot be loaded: .*(invalid ELF header|file too short)/);
    rmSync(platform, { recursive: true });
  });
});
