import { tests } from "../../vitest.base.ts";

export default tests("miou", ["{src,tests}/**/*.test.ts"]);
