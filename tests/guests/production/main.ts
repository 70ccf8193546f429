// Packages that leave out what helps to develop ask for this without a guard. An image only: Node has its own answer.
if (process.env.NODE_ENV !== "production") console.log("development");
else console.log("production");
console.log(typeof process);

declare const process: { env: Record<string, string> };
