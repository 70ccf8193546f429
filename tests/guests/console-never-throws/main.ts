// What cannot be shown, because code of the program throws as it is asked, is said to be so. On Node some of it throws.
const inspect = Symbol.for("nodejs.util.inspect.custom");
const throwing = {
  [inspect](): never {
    throw new Error("no");
  },
};
console.log("before", throwing, { b: 1 });
console.log("%s %d", { [Symbol.toPrimitive]: () => ({}) }, Symbol("not a number"), [1]);
console.dir(throwing);
console.log(
  Object.defineProperty({}, "constructor", {
    get(): never {
      throw new Error("no");
    },
  }),
);
class Named {
  static get name(): never {
    throw new Error("no");
  }
}
console.log(new Named(), Named);
console.log(
  Object.assign(
    Object.defineProperty(new Error("kept"), "name", {
      get(): never {
        throw new Error("no");
      },
    }),
    {},
  ) instanceof Error,
);
console.table([throwing]);
console.error(new Proxy(throwing, {}));
console.log("after");
