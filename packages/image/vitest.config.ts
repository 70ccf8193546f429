import { fileURLToPath } from "node:url";
import { mergeConfig } from "vitest/config";
import { tests } from "../../vitest.base.ts";

/** From their sources, so that the tests run in a clone where nothing is built. */
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default mergeConfig(tests("image"), {
  resolve: {
    alias: {
      "#sha256": source("src/node/sha256.ts"),
      "@uk/manifest/elf": source("../manifest/src/elf/index.ts"),
      "@uk/manifest": source("../manifest/src/index.ts"),
    },
  },
});
