/*---
features: [a-feature-that-is-skipped]
---*/
throw new Test262Error();
