// `null` is also what the engine throws when memory is gone; thrown by a program it is not that.
console.log("before");
throw null;
