// Endless recursion that nobody catches.
const endless = (n: number): number => 1 + endless(n + 1);
console.log("before");
console.log(endless(0));
