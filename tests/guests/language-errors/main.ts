// Errors: what they carry, and that they can be told apart.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);

for (const Type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
  const error = new Type("message", { cause: "cause" });
  row(
    Type.name,
    error.name,
    error.message,
    String(error),
    error.cause,
    error instanceof Error,
    error instanceof Type,
  );
  row(
    `${Type.name} shape`,
    Object.keys(error).length,
    Object.hasOwn(error, "message"),
    Object.prototype.toString.call(error),
    typeof error.stack,
  );
}
const inner = new RangeError("inner");
const outer = new Error("outer", { cause: inner });
row(
  "cause",
  outer.cause === inner,
  "cause" in new Error("none"),
  (new Error("x", { cause: undefined }) as object).hasOwnProperty("cause"),
);
const several = new AggregateError([inner, 1], "several", { cause: 0 });
row(
  "aggregate",
  several.errors.length,
  several.errors[0] === inner,
  several.message,
  several.cause,
  String(several),
);

class AppError extends Error {
  override readonly name: string = "AppError";
  readonly code: number;
  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
class DiskError extends AppError {
  override readonly name = "DiskError";
}
try {
  throw new DiskError("full", 28, { cause: inner });
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  row(
    "own classes",
    String(error),
    error.code,
    error instanceof DiskError,
    error.cause === inner,
    Object.keys(error).join(),
  );
}
for (const [what, action] of Object.entries<() => unknown>({
  "call of undefined": () => (undefined as never as () => void)(),
  "property of null": () => (null as never as { x: 1 }).x,
  "unknown name": () => unknownName,
  "assignment to a constant": () => globalThis.eval("const c = 1; c = 2"),
  "not a constructor": () => new (1 as never as new () => void)(),
  "not iterable": () => [...(5 as never as [])],
  "invalid length": () => new Array(-1),
  "too many repeats": () => "x".repeat(-1),
  digits: () => (1).toFixed(101),
  radix: () => (1).toString(1),
  "endless recursion": function again(): unknown {
    return again();
  },
  "thrown text": () => {
    throw "text";
  },
  "thrown nothing": () => {
    throw undefined;
  },
})) {
  try {
    row(what, "no error", action());
  } catch (error) {
    row(what, error instanceof Error ? error.name : `thrown as it is: ${String(error)}`);
  }
}
declare const unknownName: unknown;
const order: string[] = [];
const nested = (): string => {
  try {
    try {
      throw new Error("first");
    } finally {
      order.push("inner finally");
    }
  } catch (error) {
    order.push((error as Error).message);
    throw new Error("second", { cause: error });
  } finally {
    order.push("outer finally");
  }
};
try {
  nested();
} catch (error) {
  row("order", order.join(), (error as Error).message, ((error as Error).cause as Error).message);
}
function thrower(): never {
  throw new Error("traced");
}
try {
  thrower();
} catch (error) {
  row("the stack names the function", (error as Error).stack?.includes("thrower"));
}
row(
  "no message",
  String(new Error()),
  String(new TypeError("")),
  Object.hasOwn(new Error(), "message"),
  String(Object.assign(new Error("m"), { name: "" })),
);
row("without new", RangeError("made") instanceof RangeError, Error("x").message);
