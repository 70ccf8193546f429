// `console` observes: it runs no trap, throws nothing and changes nothing, and an error shows its name and message
// wherever it is. Without frames, which are each engine's own.
Error.stackTraceLimit = 0;

let traps = 0;
const trapped = new Proxy(
  { a: 1 },
  {
    get() {
      traps++;
      throw new Error("trap");
    },
    ownKeys() {
      traps++;
      throw new Error("trap");
    },
    getPrototypeOf() {
      traps++;
      throw new Error("trap");
    },
  },
);
console.log(trapped, [trapped], { trapped });
console.log("traps run:", traps);

const { proxy, revoke } = Proxy.revocable({ a: 1 }, {});
revoke();
console.log("draft", proxy, [proxy]);
console.log(new Proxy(new Proxy([1, 2], {}), {}));
console.log(new Proxy(function named() {}, {}), new Proxy(class Shape {}, {}));
console.log(new Proxy(new Map([["k", 1]]), {}));

// Errors wherever they are.
class ValidationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ValidationError";
  }
}
class Result {
  error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}
console.log(new Error("plain"), new TypeError("typed"), new ValidationError("named"));
console.log(new Map([["k", new Error("in a map")]]), new Set([new RangeError("in a set")]));
console.log(
  new Result(new Error("in a field")),
  Object.assign(Object.create(null), { e: new Error("bare") }),
);
console.log(new AggregateError([new Error("one"), new TypeError("two")], "several"));
console.log(new Error("outer", { cause: new ValidationError("inner") }));
console.log([[[new Error("deep")]]], { a: { b: { c: new Error("too deep") } } });
console.log(Object.setPrototypeOf(new Error("no prototype"), null));
console.log(Object.assign(new Error("with more"), { code: "E_MORE", errno: 7 }));
console.log(new Error(""), new Error());
console.log("%s and %o", new Error("formatted"), 1);

// Nothing is changed.
const frozen = Object.freeze(new Error("frozen"));
console.log(frozen, Object.isFrozen(frozen));
const sealed = Object.preventExtensions(new Error("sealed"));
console.log(sealed);
const observed = new Error("observed");
const before = [observed.stack, Object.getOwnPropertyNames(observed).sort().join()];
console.log(observed);
console.log(before[0] === observed.stack, before[1] === Object.getOwnPropertyNames(observed).sort().join());

// `stack` is an own property, as in V8.
const boom = new Error("boom");
console.log(Object.getOwnPropertyDescriptor(boom, "stack"));
console.log("stack" in Error.prototype, Object.keys(boom), Object.hasOwn(boom, "stack"));
const copy = JSON.parse(JSON.stringify(boom, Object.getOwnPropertyNames(boom)));
console.log(Object.keys(copy).sort().join(), copy.stack);
Object.assign(boom, { stack: undefined });
console.log(boom.stack);
boom.stack = "rewritten";
console.log(boom.stack, boom);
console.log(delete boom.stack, boom.stack, boom);
console.log(new ValidationError("set after super()").stack);
const target: { name: string; message: string; stack?: string } = { name: "Target", message: "captured" };
Error.captureStackTrace(target);
console.log(target.stack, Object.keys(target).join());
console.log(
  String(Object.getOwnPropertyDescriptor(new DOMException("gone", "AbortError"), "name")),
  new DOMException("gone", "AbortError").message,
);

// `prepareStackTrace` is taken up, and given back.
const original = Error.prepareStackTrace;
Error.stackTraceLimit = 10;
Error.prepareStackTrace = (error, frames) => [error.message, Array.isArray(frames)] as unknown as string;
console.log(new Error("prepared").stack);
Error.prepareStackTrace = original;
Error.stackTraceLimit = 0;
console.log(new Error("as before").stack);

// Only the first entries are looked at.
console.log(new Uint8Array(1e6).length, String(new Uint8Array(1e6)).length);
console.log(new Uint8Array(1e6));
console.log(new Array(1e6).fill(0));
const sparse: number[] = [];
sparse[0] = 1;
sparse[5e8] = 2;
sparse[3] = 3;
console.log(sparse, new Array(4e9));
console.log(Object.assign([1, , 3], { name: "with a name" }));
console.log(Object.assign(new Uint8Array(2), { note: "typed" }));
const holes = new Array(300);
for (let i = 1; i < 300; i += 2) holes[i] = i;
console.log(holes);
