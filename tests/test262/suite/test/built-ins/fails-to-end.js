/*---
flags: [noStrict]
---*/
for (;;);
