import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as api from "./index.ts";

it("runs the program in README.md and prints what README.md says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = (language: string) => readme.split(`\`\`\`${language}\n`)[1]?.split("```")[0] ?? "";
  const program = block("ts").replace(/import (\{[^}]*\}) from "@uk\/manifest";/, "const $1 = api;");
  const lines: string[] = [];
  const console = { log: (...values: unknown[]) => lines.push(values.join(" ")) };
  new Function("api", "console", program)(api, console);
  expect(`${lines.join("\n")}\n`).toBe(block("text"));
});
