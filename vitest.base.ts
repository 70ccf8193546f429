import { defineConfig } from "vitest/config";

/** The shared test set-up: real time, no globals, tests beside the code they hold. */
export function tests(
  name: string,
  include: string[] = ["{src,js}/**/*.test.ts"],
): ReturnType<typeof defineConfig> {
  return defineConfig({
    test: { name, include, typecheck: { enabled: false }, testTimeout: 60_000, hookTimeout: 120_000 },
  });
}
