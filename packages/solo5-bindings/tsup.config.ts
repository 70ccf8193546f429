import { library } from "../../tsup.base.ts";

export default library({
  entry: ["js/index.ts", "js/miou.ts", "js/target.ts"],
  platform: "node",
  // The addon in dist is scripts/build.mjs's: leave it there.
  clean: ["!*.node"],
});
