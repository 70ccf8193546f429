import { library } from "../../tsup.base.ts";

// The binaries in dist are scripts/build.mjs's: leave them there.
export default library({ entry: ["js/index.ts"], platform: "node", clean: false });
