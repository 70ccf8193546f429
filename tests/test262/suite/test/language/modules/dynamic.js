/*---
flags: [async]
---*/
import("./other_FIXTURE.js").then(({ other }) => assert.sameValue(other, "another")).then($DONE, $DONE);
