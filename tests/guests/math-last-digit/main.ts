// Functions of Math whose last digit the language leaves open, and those whose it does not: name,
// argument, and the bits of the result. A test compares them with Node's.
const functions: Record<string, [(x: number) => number, from: number, to: number]> = {
  acos: [Math.acos, -1, 1],
  acosh: [Math.acosh, 1, 100],
  asin: [Math.asin, -1, 1],
  asinh: [Math.asinh, -100, 100],
  atan: [Math.atan, -20, 20],
  atanh: [Math.atanh, -1, 1],
  atan2: [(x) => Math.atan2(x, 0.7), -3, 3],
  cbrt: [Math.cbrt, -1000, 1000],
  cos: [Math.cos, -100, 100],
  "cos far out": [Math.cos, -1e15, 1e15],
  cosh: [Math.cosh, -20, 20],
  exp: [Math.exp, -50, 50],
  expm1: [Math.expm1, -5, 5],
  hypot: [(x) => Math.hypot(x, 3.3), -10, 10],
  log: [Math.log, 0, 1000],
  log1p: [Math.log1p, -1, 100],
  log2: [Math.log2, 0, 1000],
  log10: [Math.log10, 0, 1000],
  power: [(x) => x ** 2.5, 0, 100],
  "power of ten": [(x) => 10 ** Math.floor(x), -300, 300],
  "whole power": [(x) => Math.floor(x) ** 13, -50, 50],
  sin: [Math.sin, -100, 100],
  "sin far out": [Math.sin, -1e15, 1e15],
  sinh: [Math.sinh, -20, 20],
  tan: [Math.tan, -100, 100],
  tanh: [Math.tanh, -5, 5],
  "exact: sqrt": [Math.sqrt, 0, 1e6],
  "exact: fround": [Math.fround, -10, 10],
  "exact: remainder": [(x) => x % 0.37, -100, 100],
  "exact: round": [(x) => Math.round(x) + Math.trunc(x) + Math.floor(x) + Math.ceil(x), -10, 10],
  "exact: arithmetic": [(x) => (x * 1.1 + 0.3) / 0.7 - x, -1e9, 1e9],
};

let state = 12345;
function next(): number {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 0) / 2 ** 32;
}

const view = new DataView(new ArrayBuffer(8));
for (const [name, [f, from, to]] of Object.entries(functions)) {
  for (let i = 0; i < 300; i++) {
    const x = from + (to - from) * (next() + next() / 2 ** 32);
    view.setFloat64(0, f(x));
    console.log(`${name}\t${x}\t${view.getBigUint64(0)}`);
  }
}
