import { library } from "../../tsup.base.ts";

// The binary in dist is scripts/build.mjs's: leave it there.
export default library({ entry: ["js/index.ts"], platform: "node", clean: false });
