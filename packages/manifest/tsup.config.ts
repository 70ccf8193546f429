import { library } from "../../tsup.base.ts";

export default library({
  entry: { index: "src/index.ts", elf: "src/elf/index.ts", node: "src/node/index.ts" },
  external: [/^node:/],
  removeNodeProtocol: false,
});
