// An uncaught AggregateError.
await Promise.any([Promise.reject(new Error("first")), Promise.reject(new RangeError("second"))]);

export {};
