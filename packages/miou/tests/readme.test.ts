import { spawnSync } from "node:child_process";
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

/** Runs a program and returns what it printed, and after that what it threw. */
async function printed(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, loader: "ts", resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    alias: { "@uk/miou": fileURLToPath(new URL("../src/index.ts", import.meta.url)) },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  // A process of its own: only there a run can find that nothing is left that could wake it.
  const module = `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.text ?? "").toString("base64")}`;
  const main = `import(${JSON.stringify(module)}).catch((error) => console.log(String(error)));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-"], {
    input: main,
    encoding: "utf8",
  });
  return stdout;
}

it("the README's program prints what the README says", async () => {
  expect(await printed(block("ts"))).toBe(block("text"));
});

const broken = readme.slice(
  readme.indexOf("### Each rule, broken"),
  readme.indexOf("Durations are milliseconds"),
);
const rules = [...broken.matchAll(/^([^\n]*:)\n\n```ts\n(.*?)```\n\n```text\n(.*?)```/gms)];

it("the README breaks every rule that can be broken", () => {
  expect(rules).toHaveLength(10);
});

it.each(rules.map(([, rule = "", program = "", says = ""]) => ({ rule, program, says })))(
  "the README shows what breaking a rule gives: $rule",
  async ({ program, says }) => {
    expect(await printed(program)).toBe(says);
  },
);

it("the README names every value that the package exports", () => {
  for (const name of Object.keys(miou)) {
    if (!["Hook", "MutexGuard", "PriorityHandle", "SequenceNode", "Signal", "Subscription"].includes(name)) {
      expect(readme, name).toContain(name);
    }
  }
});
