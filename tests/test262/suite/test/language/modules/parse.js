/*---
flags: [module]
negative:
  phase: parse
  type: SyntaxError
---*/
$DONOTEVALUATE();
import { other } from "./other_FIXTURE.js";
delete other;
