/*---
description: A test is global code, of a realm of its own.
flags: [noStrict]
---*/
var seen;
assert(Object.hasOwn(globalThis, "seen"));
assert.sameValue(typeof included, "undefined");
