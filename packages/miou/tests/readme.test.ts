import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import * as miou from "../src/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The first block of the given language. */
function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(readme)?.[1] ?? "";
}

it("the README's program prints what the README says", async () => {
  const { outputFiles } = await build({
    stdin: { contents: block("ts"), loader: "ts", resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    alias: { "@uk/miou": fileURLToPath(new URL("../src/index.ts", import.meta.url)) },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    const source = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
    await import(/* @vite-ignore */ `data:text/javascript;base64,${source}`);
  } finally {
    console.log = log;
  }
  expect(`${lines.join("\n")}\n`).toBe(block("text"));
});

it("the README names every value that the package exports", () => {
  for (const name of Object.keys(miou)) {
    if (!["Hook", "MutexGuard", "PriorityHandle", "SequenceNode", "Signal", "Subscription"].includes(name)) {
      expect(readme, name).toContain(name);
    }
  }
});
