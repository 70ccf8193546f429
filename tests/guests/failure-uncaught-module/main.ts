// As failure-uncaught, without the scheduler: the module itself throws.
const table: Record<string, () => number> = {};

function lookUp(name: string): number {
  return (table[name] as () => number)();
}

console.log("before");
console.log(lookUp("missing"));
console.log("never");
