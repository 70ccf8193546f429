import { fileURLToPath } from "node:url";
import { mergeConfig } from "vitest/config";
import { tests } from "../../vitest.base.ts";

/** `@uk/manifest` from its source, so that the tests run in a clone where nothing is built. */
const manifest = fileURLToPath(new URL("../manifest/src/index.ts", import.meta.url));

export default mergeConfig(tests("image"), { resolve: { alias: { "@uk/manifest": manifest } } });
