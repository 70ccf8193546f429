// A string that doubles.
console.log("before");
let text = "0123456789abcdef";
for (;;) text = `${text}${text}`.replaceAll("f", "F");
