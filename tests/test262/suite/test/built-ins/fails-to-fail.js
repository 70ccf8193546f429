/*---
flags: [noStrict]
negative:
  phase: runtime
  type: TypeError
---*/
