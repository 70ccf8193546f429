// An object without a prototype, whose text cannot be had.
console.log("before");
throw Object.create(null);
