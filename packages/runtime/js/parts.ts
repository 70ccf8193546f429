import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isTarget, type Target } from "@uk/manifest";
import { RuntimeError } from "./error.ts";

/**
 * Absolute path of the base image of `target`: an ELF file without a program, for `@uk/image` to
 * link one to.
 *
 * @throws {TypeError} there is no such target
 * @throws {RuntimeError} `NOT_BUILT`: the package was not built
 */
export function baseImagePath(target: Target): string {
  if (!isTarget(target)) throw new TypeError(`baseImagePath: there is no target ${String(target)}`);
  return part(`base-${target}.elf`);
}

/**
 * Absolute path of the bytecode compiler, a program of the host: see {@link compileModule}.
 *
 * @throws {RuntimeError} `NOT_BUILT`: the package was not built
 */
export function compilerPath(): string {
  return part("uk-compile");
}

/**
 * The build id of the base images, 32 bytes: a digest of the code that bytecode of {@link compileModule} is for.
 *
 * @throws {RuntimeError} `NOT_BUILT`: the package was not built
 */
export function buildId(): Uint8Array {
  return Uint8Array.from(readFileSync(part("build-id")));
}

function part(file: string): string {
  const path = fileURLToPath(new URL(`../dist/${file}`, import.meta.url));
  if (existsSync(path)) return path;
  throw new RuntimeError(
    "NOT_BUILT",
    `@uk/runtime: ${file} is missing: run \`npm run build -w @uk/runtime\``,
  );
}
