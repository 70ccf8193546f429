// A chain of closures and promises.
console.log("before");
let chain: Promise<number> = Promise.resolve(0);
for (let i = 0; ; i++) chain = chain.then((n) => n + i);

export {};
