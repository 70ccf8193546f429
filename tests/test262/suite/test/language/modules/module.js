/*---
flags: [module]
---*/
import json from "./data_FIXTURE.json" with { type: "json" };
import { name } from "./dependency_FIXTURE.js";
import * as self from "./module.js";
export const own = await 1;
assert.sameValue(name, "dependency, which imports another");
assert.sameValue(self.own, 1);
assert.sameValue(json.answer, 42);
