// Code that is made at run time.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);
const indirect = globalThis.eval;
const Fn = Function;

row(
  "new Function",
  new Fn("a", "b = 2", "...rest", "return a + b + rest.length")(1, 2, 3),
  new Fn("a,b", "return a*b")(6, 7),
);
row("its text", String(new Fn("x", "return x")).replace(/\s+/g, " "), new Fn().name);
row(
  "indirect eval",
  indirect("1 + 1; 6 * 7"),
  indirect("var fromEval = 5; fromEval"),
  (globalThis as { fromEval?: number }).fromEval,
);
row(
  "eval of expressions",
  indirect("({ a: [1, , 3] })").a.length,
  typeof indirect("(function* () {})"),
  indirect("`${1n + 2n}`"),
);
row("not text", indirect({ any: 1 } as never) === undefined, typeof indirect(5 as never));
row(
  "scope",
  (() => {
    const hidden = 1;
    void hidden;
    return indirect("typeof hidden");
  })(),
);
row("sloppy this", new Fn("return this === globalThis")(), new Fn('"use strict"; return this')());
row("with", new Fn("o", "with (o) { return a + b }")({ a: 1, b: 2 }));
const GeneratorFunction = Object.getPrototypeOf(function* () {}).constructor;
row("generator", [...GeneratorFunction("n", "while (n) yield n--")(3)].join());
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
row("async", await AsyncFunction("p", "return await p + 1")(Promise.resolve(41)));
const compiled = Array.from(
  { length: 50 },
  (_, i) => new Fn("x", `return x * ${i}`) as (x: number) => number,
);
row(
  "fifty functions",
  compiled.reduce((sum, f) => sum + f(2), 0),
);
row("a class", new (indirect("(class Made { #x = 9; get x() { return this.#x } })"))().x);
row(
  "an expression made at run time",
  new RegExp(["a", "b"].map((c) => `(?<${c}>${c})`).join("|"), "g")[Symbol.replace]("ab", "<$<a>$<b>>"),
);
for (const source of [
  "return (",
  "let let = 1",
  "for (;",
  "await 1",
  "}",
  "yield: 1; class { }",
  "var \\u0030",
]) {
  try {
    new Fn(source);
    row("accepted", source);
  } catch (error) {
    row(`refused ${source}`, (error as Error).name, error instanceof SyntaxError);
  }
}
try {
  indirect("null.x");
} catch (error) {
  row("thrown inside", (error as Error).name);
}
row(
  "source of a function",
  typeof String(row),
  Function.prototype.toString.call(Math.max).includes("native code"),
);

export {};
