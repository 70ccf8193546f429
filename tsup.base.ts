import { defineConfig, type Options } from "tsup";

/**
 * The one way our packages are built: ESM for Node 20 and later, one file an entry, types beside it.
 * A package adds its entries and what only it needs.
 *
 * Maps name the sources and do not hold them: packages ship these (`files`), so a stack trace, a debugger and the map of
 * an image lead to files that are there, and nothing is shipped twice.
 */
export function library(options: Options): ReturnType<typeof defineConfig> {
  return defineConfig({
    format: "esm",
    target: "es2022",
    platform: "neutral",
    dts: { compilerOptions: { isolatedDeclarations: false } },
    sourcemap: true,
    clean: true,
    treeshake: true,
    splitting: true,
    esbuildOptions(esbuild) {
      esbuild.sourcesContent = false;
    },
    ...options,
  });
}
