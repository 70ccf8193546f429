import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it, vi } from "vitest";
import * as diagnostics from "../../src/diagnostics/index.ts";
import * as node from "../../src/node/index.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

it("the README's program for Node prints what the README says", async () => {
  const [, program, printed] = /## Node\n\n```ts\n(.*?)```\n\nprints `(.*?)`/s.exec(readme) ?? [];
  const { outputFiles } = await build({
    stdin: { contents: program ?? "", loader: "ts", resolveDir: file(".") },
    alias: { "@uk/miou/node": file("../../src/node/index.ts"), "@uk/miou": file("../../src/index.ts") },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "es2022",
  });
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const source = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
    await import(/* @vite-ignore */ `data:text/javascript;base64,${source}`);
    expect(log.mock.calls).toEqual([[printed]]);
  } finally {
    log.mockRestore();
  }
});

it("the README names every value that the Node entries export", () => {
  for (const name of Object.keys({ ...node, ...diagnostics })) expect(readme, name).toContain(name);
});
