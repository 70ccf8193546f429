// Anything can be thrown.
console.log("before");
throw "just text";
