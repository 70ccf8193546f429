import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const packages = fileURLToPath(new URL("../packages", import.meta.url));

describe("the types that are published", () => {
  const names = readdirSync(packages).filter((name) => existsSync(join(packages, name, "package.json")));

  it.each(names)("of %s have no members that are for the package alone", (name) => {
    const dist = join(packages, name, "dist");
    const files = readdirSync(dist).filter((file) => file.endsWith(".d.ts"));
    expect(files).toContain("index.d.ts");
    for (const file of files) expect(readFileSync(join(dist, file), "utf8"), file).not.toContain("@internal");
  });
});
