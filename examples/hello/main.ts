// The smallest unikernel.
import { run } from "@uk/miou-solo5";

run([], function* () {
  console.log("Hello World");
});
