import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
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
  const copy = mkdtempSync(join(tmpdir(), "uk-tender-hvt-"));
  afterAll(() => rmSync(copy, { recursive: true }));

  it("throws an error with a stable code and the command that helps", async () => {
    mkdirSync(join(copy, "js"));
    copyFileSync(new URL("js/index.ts", folder), join(copy, "js/index.ts"));
    chmodSync(join(copy, "js/index.ts"), 0o644);
    const unbuilt = await import(pathToFileURL(join(copy, "js/index.ts")).href);
    expect(() => unbuilt.binaryPath()).toThrow(
      expect.objectContaining({
        name: "TenderError",
        code: "NOT_BUILT",
        message: expect.stringContaining("npm run build"),
      }),
    );
    expect(new TenderError("NOT_BUILT", "x")).toBeInstanceOf(Error);
  });
});
