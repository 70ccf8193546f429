import { statSync } from "node:fs";
import { TARGETS } from "@uk/manifest";
import { describe, expect, it } from "vitest";
import { baseImagePath, compilerPath } from "./parts.ts";

describe("the parts of the runtime", () => {
  it("are there after a build: a base image for each target, and a compiler that can be run", () => {
    for (const target of TARGETS) expect(statSync(baseImagePath(target)).size).toBeGreaterThan(100_000);
    expect(statSync(compilerPath()).mode & 0o111).not.toBe(0);
  });

  it.each([undefined, 5, "virtio", "", "../x"])("have no base image for %j, which is no target", (target) => {
    expect(() => baseImagePath(target as "spt")).toThrow(TypeError);
  });
});
