/*---
description: The two machines differ.
flags: [noStrict]
---*/
assert.sameValue(typeof console, "undefined");
