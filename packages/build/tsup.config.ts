import { library } from "../../tsup.base.ts";

export default library({
  entry: ["src/index.ts", "src/stack-traces.ts", "src/symbolicate.ts", "src/manifest-launcher.ts"],
  platform: "node",
});
