import { fileURLToPath } from "node:url";
import { mergeConfig } from "vitest/config";
import { tests } from "../../vitest.base.ts";

/** `@uk/manifest` from its source, so that the tests run in a clone where nothing is built. */
const manifest = (entry: string) => fileURLToPath(new URL(`../manifest/src/${entry}`, import.meta.url));

export default mergeConfig(tests("image"), {
  resolve: { alias: { "@uk/manifest/elf": manifest("elf/index.ts"), "@uk/manifest": manifest("index.ts") } },
});
