/*---
flags: [async]
---*/
Promise.reject(new Test262Error("later")).catch($DONE);
