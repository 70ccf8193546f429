// The machine where hvt guests run, as the tests have it: tests/vm/batch.ts, for a Node that reads no TypeScript.
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root } from "../lib.mjs";

const { build } = createRequire(join(root, "packages/build/package.json"))("esbuild");

export const { findPlace, runBatch } = await load(join(root, "tests/vm/batch.ts"));

async function load(source) {
  const folder = fileURLToPath(new URL(`.work-harness-${process.pid}`, import.meta.url));
  const outfile = join(folder, "batch.mjs");
  try {
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      // It finds the repository from where it lies.
      define: { "import.meta.url": JSON.stringify(pathToFileURL(source).href) },
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
