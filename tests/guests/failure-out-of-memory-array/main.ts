// An array that grows.
console.log("before");
const numbers: number[] = [];
for (;;) numbers.push(numbers.length * 1.5);
