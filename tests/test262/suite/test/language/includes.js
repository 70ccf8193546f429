/*---
includes:
  - included.js
---*/
assert.sameValue(included, "before the test");
