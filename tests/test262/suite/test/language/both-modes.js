/*---
description: A test without flags is run twice.
---*/
assert.sameValue(typeof this, "object");
