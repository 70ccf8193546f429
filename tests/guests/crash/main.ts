// Yields to its machine. Tests put code that crashes in the place of that call (tests/crashes.test.ts).
import { yieldUntil } from "uk:solo5";

function inner(): bigint {
  return yieldUntil(0n);
}

function outer(): void {
  console.log("before");
  console.log(typeof inner());
}

outer();
