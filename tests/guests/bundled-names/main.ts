// Classes and functions have the names that they have in the sources, whatever a bundle has to call them. An image
// only: other bundlers rename for good.
import { boxed, Bar as Other } from "./other.ts";

export class Foo {
  static readonly limit = 1;
  within(n: number): boolean {
    return n < Foo.limit;
  }
}
class Bar {}
function local(): string {
  class Bar {}
  return Bar.name;
}
class NamedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
class LimitError extends NamedError {
  static readonly none = new LimitError("none");
}
const arrow = (): void => {};
class Own {
  static name = "its own";
}

console.log(Foo.name, Bar.name, local(), Other.name, boxed.name);
console.log(String(LimitError.none), String(new LimitError("high")));
console.log(arrow.name, { method() {} }.method.name, function () {}.name === "", Own.name);
