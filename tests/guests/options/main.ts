// Options for the bindings are taken from the front of the command line; the program's own stay.
import { argv, run } from "@uk/miou-solo5";

run([], function* () {
  console.log(JSON.stringify(argv));
});
