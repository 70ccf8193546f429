import { library } from "../../tsup.base.ts";

export default library({
  entry: ["src/index.ts", "src/dev-launcher.ts", "src/manifest-launcher.ts"],
  platform: "node",
});
