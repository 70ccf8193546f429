import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("CATALOGUE.md lists every numbered test of the Node entries, and has no hole", () => {
  const table = readFileSync(new URL("../../CATALOGUE.md", import.meta.url), "utf8").replace(/ +/g, " ");
  const folder = new URL("./", import.meta.url);
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (!name.endsWith(".test.ts")) continue;
    const text = readFileSync(new URL(name, folder), "utf8");
    for (const [, id, title] of text.matchAll(/it\(\s*"\[(\w+)\] (.+?)",/g))
      expect(table).toContain(`| ${id} | ${title} | node/${name} |`);
  }
  for (let id = 1; id <= 184; id++) expect(table).toMatch(new RegExp(`^\\| ${id} \\|`, "m"));
  expect(table).not.toMatch(/next step/);
});
