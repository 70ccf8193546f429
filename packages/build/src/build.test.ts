import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { read, verify } from "@uk/image";
import { afterAll, describe, expect, it } from "vitest";
import { type BuildOptions, build, manifestOf } from "./build.ts";
import { BuildError } from "./build-error.ts";
import { symbolicate } from "./symbolicate.ts";

// Inside the repository, so that programs find the packages as an installed user's would.
const folder = mkdtempSync(fileURLToPath(new URL("../.work-", import.meta.url)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUN = 'import { net, run } from "@uk/miou-solo5";\n';

/** Writes a program; the name of its file. */
function program(name: string, source: string): string {
  writeFileSync(join(folder, name), source);
  return name;
}
program("two.ts", `${RUN}run([net("a"), net("b")], function* () {});\n`);
program("spins.ts", `${RUN}console.log("spinning");\nfor (;;);\nrun([], function* () {});\n`);

/** The error that a build ends with. */
async function failure(entry: string | URL, options: BuildOptions = {}): Promise<BuildError> {
  const error = await build(entry, { cwd: folder, ...options }).then(
    () => new Error("it was built"),
    (reason) => reason,
  );
  if (!(error instanceof BuildError)) throw error;
  return error;
}

describe("build", () => {
  it("gives images and side files in memory, and writes nothing", async () => {
    const before = readdirSync(folder);
    const built = await build("two.ts", { cwd: folder });
    expect([...built.files.keys()]).toEqual(
      ["spt", "hvt", "manifest.json", "manifest.c", "map", "cdx.json"].map((ending) => `two.${ending}`),
    );
    for (const [target, image] of built.images) {
      const info = read(image);
      expect(info).toMatchObject({ abi: { target }, manifest: built.manifest, refusals: [], faults: [] });
      expect(verify(image).ok).toBe(true);
      expect(info.debugId).toBe(JSON.parse(built.map).debugId);
      expect(info.sbom?.document).toEqual(JSON.parse(built.sbom));
      expect(info.engine?.map(({ name }) => name)).toEqual(["quickjs-ng", "@uk/runtime"]);
      expect(built.files.get(`two.${target}`)).toBe(image);
    }
    expect(built.manifest.devices.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(built.files.get("two.map")).toBe(built.map);
    expect(JSON.parse(built.map)).toMatchObject({ file: "two.js" });
    expect(JSON.parse(built.map).sources).toContain("two.ts");
    expect(readdirSync(folder)).toEqual(before);
  });

  it("writes the same into a folder, under the name that it is given", async () => {
    const options = { cwd: folder, targets: ["spt"], name: "other", outDir: "out/of" } as const;
    const built = await build(pathToFileURL(join(folder, "two.ts")), options);
    expect(built.name).toBe("other");
    const out = join(folder, "out/of");
    expect(readdirSync(out).sort()).toEqual([...built.files.keys()].sort());
    for (const [name, content] of built.files)
      expect(readFileSync(join(out, name)).equals(Buffer.from(content)), name).toBe(true);
  });

  it("gives a map by which the places of a guest's stack trace become those of the sources", async () => {
    const { map } = await build(program("throws.ts", "const a = 1;\n\nthrow new Error(String(a));\n"), {
      cwd: folder,
      targets: ["spt"],
    });
    const lines = (JSON.parse(map).mappings as string).split(";").length;
    const frames = Array.from({ length: lines }, (_, at) => `    at throws.js:${at + 1}:1\n`).join("");
    expect(symbolicate(frames, map)).toContain("    at throws.ts:3:1\n");
  });

  it.each<{ why: string; source: string; code: string; place: object; says: RegExp }>([
    {
      why: "a syntax error",
      source: "const a = 1;\nconst b = ;\n",
      code: "BUNDLE",
      place: { line: 2, column: 11 },
      says: /^syntax-error\.ts:2:11: Unexpected ";"\n/,
    },
    {
      why: "an error that only the engine finds",
      source: "console.log(/(?<n>a)(?<n>b)/);\n",
      code: "COMPILE",
      place: { line: 1, column: 13 },
      says: /^\S+engine-finds\.ts:1:13: SyntaxError: duplicate group name\n/,
    },
  ])("says where $why is", async ({ why, source, code, place, says }) => {
    const file = program(`${why.replace(/^an? /, "").replaceAll(" ", "-")}.ts`, source);
    const error = await failure(file);
    expect(error).toMatchObject({ code, place: { file, frame: expect.stringContaining("╵"), ...place } });
    expect(error.message).toMatch(says);
    expect(error.message).toContain(error.place?.frame);
    expect(error.cause).toBeDefined();
  });

  it("has what a program said in the error, where it fails before run", async () => {
    const file = program("fails.ts", `${RUN}console.log("reading");\nthrow new Error("no configuration");\n`);
    const error = await failure(file);
    expect(error).toMatchObject({ code: "MANIFEST", place: undefined });
    expect(error.message).toMatch(
      /it failed before `run` \(status 1\); [\s\S]*reading\n[\s\S]*no configuration/,
    );
    expect(error.message).toMatch(/fails\.ts:3:/);
  });

  it("refuses what it cannot do, by code", async () => {
    mkdirSync(join(folder, "empty"));
    expect(await failure("absent.ts")).toMatchObject({ code: "ENTRY", cause: { code: "ENOENT" } });
    expect(await failure("empty")).toMatchObject({ code: "ENTRY" });
    expect(await failure("two.ts", { name: "a/b" })).toMatchObject({ code: "NAME" });
    expect(await failure("two.ts", { outDir: "two.ts" })).toMatchObject({ code: "WRITE" });
    expect(await failure(new URL("https://example.org/two.ts"))).toMatchObject({
      code: "ENTRY",
      message: expect.stringContaining("a path or a file: URL"),
      cause: { code: "ERR_INVALID_URL_SCHEME" },
    });
  });

  it.each<{ why: string; options: object; error: typeof TypeError | typeof RangeError }>([
    { why: "a target that does not exist", options: { targets: ["xen"] }, error: TypeError },
    { why: "targets that are no array", options: { targets: "spt" }, error: TypeError },
    { why: "a name that is no string", options: { name: 5 }, error: TypeError },
    { why: "a stack that is no number", options: { stack: "8" }, error: TypeError },
    { why: "a stack that none can be", options: { stack: 8, targets: [] }, error: RangeError },
  ])("refuses $why before it looks at the program", async ({ options, error }) => {
    await expect(build("absent.ts", { cwd: folder, ...options })).rejects.toThrow(error);
  });

  it("has an error whose message a terminal can show", async () => {
    const error = await failure(program("red.ts", "const a = '\u001b[31m' 5;\n"));
    expect(error.message.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("is over when its signal is aborted: nothing is written", async () => {
    const reason = new Error("enough");
    const options = { cwd: folder, outDir: "aborted" };
    await expect(build("two.ts", { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const building = build("spins.ts", { ...options, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 500);
    await expect(building).rejects.toBe(reason);
    expect(existsSync(join(folder, "aborted"))).toBe(false);
  });
});

describe("manifestOf", () => {
  it("is the devices of a program", async () => {
    const { devices } = await manifestOf("two.ts", { cwd: folder });
    expect(devices.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});
