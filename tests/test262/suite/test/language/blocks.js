/*---
description: An agent of a guest cannot block, so this test is not for it.
flags: [CanBlockIsTrue]
---*/
throw new Test262Error();
