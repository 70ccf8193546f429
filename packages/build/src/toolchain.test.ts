import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as runtime from "@uk/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { build as Build } from "./build.ts";

/** Where this host's parts are, as a test has it. */
const parts = vi.hoisted(() => ({ base: undefined as string | undefined }));
vi.mock("@uk/runtime", async (original) => {
  const real = await original<typeof runtime>();
  return { ...real, baseImagePath: (target: "spt") => parts.base ?? real.baseImagePath(target) };
});

// Inside the repository, so that the program finds the packages as an installed user's would.
const folder = mkdtempSync(fileURLToPath(new URL("../.work-", import.meta.url)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, "net.ts"),
  'import { net, run } from "@uk/miou-solo5";\nrun([net("a")], function* () {});\n',
);

let build: typeof Build;
beforeAll(async () => {
  ({ build } = await import("./build.ts"));
});
const { execPath } = process;
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
  process.execPath = execPath;
  parts.base = undefined;
});

/** Builds; what went wrong. */
function failure(by = build): Promise<Error> {
  return by("net.ts", { cwd: folder, targets: ["spt"] }).then(
    () => new Error("it was built"),
    (reason) => reason,
  );
}

describe("build, on a host where something is missing", () => {
  it("says that the folder of temporary files cannot be written", async () => {
    vi.stubEnv("TMPDIR", "/nonexistent");
    expect(await failure()).toMatchObject({
      name: "BuildError",
      code: "WRITE",
      cause: { code: "ENOENT" },
      message: expect.stringMatching(/^\/nonexistent: .*no such file or directory: .*TMPDIR$/),
    });
  });

  it("says that a base image cannot be read", async () => {
    parts.base = "/nonexistent/base-spt.elf";
    expect(await failure()).toMatchObject({
      name: "BuildError",
      code: "TOOLCHAIN",
      cause: { code: "ENOENT" },
      message: expect.stringMatching(
        /^the base image for spt cannot be read: no such file.*install @uk\/runtime/,
      ),
    });
  });

  it("says that Node cannot be started", async () => {
    process.execPath = "/nonexistent/node";
    expect(await failure()).toMatchObject({
      name: "BuildError",
      code: "TOOLCHAIN",
      cause: { code: "ENOENT" },
      message: expect.stringMatching(
        /^\/nonexistent\/node: Node cannot be started .*no such file or directory$/,
      ),
    });
  });

  it("says that esbuild does not run", async () => {
    vi.doMock("esbuild", () => ({
      build: () => Promise.reject(new Error("The service was stopped\nand more")),
    }));
    const { build } = await import("./build.ts");
    expect(await failure(build)).toMatchObject({
      name: "BuildError",
      code: "TOOLCHAIN",
      cause: expect.any(Error),
      message: "esbuild does not run: The service was stopped: install it again",
    });
    vi.doUnmock("esbuild");
  });
});
