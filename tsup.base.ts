import { defineConfig, type Options } from "tsup";

/**
 * The one way our packages are built: ESM for Node 20 and later, one file an entry, types beside it.
 * A package adds its entries and what only it needs.
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
    ...options,
  });
}
