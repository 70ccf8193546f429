"use strict"
[0]
/*---
flags: [raw]
negative:
  phase: runtime
  type: ReferenceError
---*/
assert;
