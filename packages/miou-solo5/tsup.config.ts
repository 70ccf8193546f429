import { library } from "../../tsup.base.ts";

export default library({
  entry: ["src/index.ts", "src/target.ts", "src/builtin.host.ts", "src/builtin.guest.ts"],
  // `#builtin` is chosen by whoever bundles or runs the package; `uk:solo5` exists only in a guest.
  external: ["#builtin", "uk:solo5"],
});
