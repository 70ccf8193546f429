import { library } from "../../tsup.base.ts";

export default library({ entry: { index: "src/index.ts", elf: "src/elf/index.ts" } });
