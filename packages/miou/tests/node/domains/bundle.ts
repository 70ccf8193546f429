import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import type * as Core from "../../../src/index.ts";
import type * as NodeLayer from "../../../src/node/index.ts";
import type * as Portables from "./portables.ts";

/** A worker cannot load TypeScript: the package and the tests' portables are built as the package is. */
export interface Built {
  readonly folder: string;
  readonly core: typeof Core;
  readonly node: typeof NodeLayer;
  readonly portables: typeof Portables;
}

/** Builds and imports them. */
export async function bundle(): Promise<Built> {
  const folder = mkdtempSync(join(tmpdir(), "miou-domains-"));
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await build({
    entryPoints: {
      core: file("../../../src/index.ts"),
      node: file("../../../src/node/index.ts"),
      worker: file("../../../src/node/domains/worker.ts"),
      portables: file("./portables.ts"),
    },
    outdir: folder,
    outExtension: { ".js": ".js" },
    bundle: true,
    splitting: true,
    ignoreAnnotations: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    sourcemap: "inline",
  });
  const load = (name: string): Promise<unknown> =>
    import(/* @vite-ignore */ pathToFileURL(join(folder, `${name}.js`)).href);
  return {
    folder,
    core: (await load("core")) as typeof Core,
    node: (await load("node")) as typeof NodeLayer,
    portables: (await load("portables")) as typeof Portables,
  };
}
