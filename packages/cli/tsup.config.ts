import { library } from "../../tsup.base.ts";

/** One file each: reading many is what a start takes long for. Other packages are imported when they are needed. */
export default [{ entry: ["src/index.ts"] }, { entry: ["src/dev-launcher.ts"], clean: false }].map(
  (options) =>
    library({
      platform: "node",
      splitting: false,
      noExternal: ["@uk/build/stack-traces", "@uk/build/untrusted", "@uk/image", "@uk/manifest"],
      ...options,
    }),
);
