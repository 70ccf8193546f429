import { library } from "../../tsup.base.ts";

export default library({
  entry: { index: "src/index.ts", sha256: "src/sha256.ts", "sha256.node": "src/node/sha256.ts" },
  // Chosen by whoever bundles or runs the package.
  external: ["#sha256"],
});
