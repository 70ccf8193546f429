import { library } from "../../tsup.base.ts";

// The addon in dist is scripts/build.mjs's: leave it there.
export default library({
  entry: ["js/index.ts", "js/miou.ts", "js/target.ts"],
  platform: "node",
  clean: false,
});
