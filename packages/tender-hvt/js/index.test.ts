import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binaryPath, TenderError } from "./index.ts";

const folder = new URL("..", import.meta.url);

beforeAll(() => {
  execFileSync("node", ["scripts/build.mjs"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
});

describe("binaryPath", () => {
  it("is the absolute path of a tender that speaks version 2 of the ABI", () => {
    expect(isAbsolute(binaryPath())).toBe(true);
    const { status, stderr } = spawnSync(binaryPath(), ["--version"], { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^solo5-hvt \d+\.\d+\.\d+\nABI version 2\n$/);
  });

  it("is the path of a static program that needs no C library", () => {
    const file = readFileSync(binaryPath());
    const kinds = Array.from({ length: file.readUInt16LE(56) }, (_, i) => file.readUInt32LE(64 + 56 * i));
    const interp = 3;
    expect(kinds).not.toContain(interp);
  });
});

describe("a package that was not built", () => {
  // Inside this one, so that its dependencies are found.
  const copy = mkdtempSync(fileURLToPath(new URL(".work-", folder)));
  afterAll(() => rmSync(copy, { recursive: true }));

  it("throws an error with a stable code and the command that helps, from each function", async () => {
    cpSync(new URL("js", folder), join(copy, "js"), { recursive: true });
    const unbuilt = await import(pathToFileURL(join(copy, "js/index.ts")).href);
    for (const call of [() => unbuilt.binaryPath(), () => unbuilt.spawn("hello.hvt")])
      expect(call).toThrow(
        expect.objectContaining({
          name: "TenderError",
          code: "NOT_BUILT",
          message: expect.stringContaining("npm run build"),
        }),
      );
    expect(new TenderError("NOT_BUILT", "x")).toBeInstanceOf(Error);
  });
});
