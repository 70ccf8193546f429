/*---
flags: [async, noStrict]
---*/
