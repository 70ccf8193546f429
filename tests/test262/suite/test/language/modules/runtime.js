/*---
flags: [module]
negative:
  phase: runtime
  type: TypeError
---*/
await null;
throw new TypeError();
