import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catalogue } from "./cases/index.ts";

for (const [title, cases] of Object.entries(catalogue)) {
  describe(title, () => {
    for (const each of cases) it(`[${each.id}] ${each.name}`, () => each.run());
  });
}

it("CATALOGUE.md lists every case, under a number of its own", () => {
  const table = readFileSync(new URL("../CATALOGUE.md", import.meta.url), "utf8").replace(/ +/g, " ");
  const all = Object.values(catalogue).flat();
  expect(new Set(all.map(({ id }) => String(id))).size).toBe(all.length);
  for (const { id, name } of all) expect(table).toContain(`| ${id} | ${name} |`);
});
