import { library } from "../../tsup.base.ts";

export default library({
  entry: {
    index: "src/index.ts",
    target: "src/target.ts",
    "device-calls": "src/device-calls.ts",
    memory: "src/memory/index.ts",
    "builtin.host": "src/builtin.host.ts",
    "builtin.guest": "src/builtin.guest.ts",
  },
  // `#builtin` is chosen by whoever bundles or runs the package; `uk:solo5` exists only in a guest.
  external: ["#builtin", "uk:solo5"],
});
