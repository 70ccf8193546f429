/*---
flags: [async]
---*/
Promise.reject(new Error("nobody handles this one"));
Promise.resolve().then(() => {}).then(() => $DONE(), $DONE);
