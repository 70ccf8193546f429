import { library } from "../../tsup.base.ts";

/**
 * Few files: to find and read many is what a start takes long for. What a command alone needs is imported when it runs.
 */
export default [{ entry: ["src/index.ts"] }, { entry: ["src/dev-launcher.ts"], clean: false }].map(
  (options) =>
    library({
      platform: "node",
      noExternal: ["@uk/build/stack-traces", "@uk/image", "@uk/manifest", "@uk/manifest/node", "@uk/tender"],
      ...options,
    }),
);
