// A top-level await that nothing can settle: status 13, as on Node.
console.log("before");
await new Promise(() => {});
console.log("never");

export {};
