/*---
description: As if the engine had a fault.
---*/
assert.sameValue(function () { return this; }(), globalThis);
