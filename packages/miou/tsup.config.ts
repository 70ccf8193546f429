import { library } from "../../tsup.base.ts";

// All in one folder, chunks too: the Node entry finds the worker's beside itself.
export default library({
  entry: {
    index: "src/index.ts",
    node: "src/node/index.ts",
    diagnostics: "src/diagnostics/index.ts",
    worker: "src/node/domains/worker.ts",
  },
  external: [/^node:/],
  removeNodeProtocol: false,
});
