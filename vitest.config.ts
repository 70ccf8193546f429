import { defineConfig } from "vitest/config";

/** One run for the whole house; each folder named here brings a `vitest.config.ts` of three lines. */
export default defineConfig({
  test: {
    projects: ["packages/*/vitest.config.ts", "tests/vitest.config.ts"],
    reporters: ["default"],
  },
});
