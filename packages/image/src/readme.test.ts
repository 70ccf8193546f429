import { readFileSync } from "node:fs";
import * as manifest from "@uk/manifest";
import { expect, it } from "vitest";
import * as image from "./index.ts";
import { baseImage, ENGINE, filler } from "./testing/elf-builder.ts";

it("runs the program in README.md and prints what README.md says", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = (language: string) => readme.split(`\`\`\`${language}\n`)[1]?.split("```")[0] ?? "";
  const files = new Map([
    ["base-spt.elf", baseImage()],
    ["build-id", ENGINE],
    ["hello.bytecode", filler(300, 9)],
  ]);
  const modules = {
    "node:fs/promises": {
      readFile: async (name: string) => files.get(name),
      writeFile: async (name: string, bytes: Uint8Array) => files.set(name, bytes),
    },
    "@uk/image": image,
    "@uk/manifest": manifest,
  };
  const lines: string[] = [];
  const console = { log: (...values: unknown[]) => lines.push(values.join(" ")) };
  const program = block("ts").replace(/import (\{[^}]*\}) from (".*");/g, "const $1 = modules[$2];");
  await new Function("modules", "console", `return (async () => {${program}})();`)(modules, console);
  expect(`${lines.join("\n")}\n`).toBe(block("text"));
  expect(files.get("hello.spt")).toHaveLength(24576);
});
