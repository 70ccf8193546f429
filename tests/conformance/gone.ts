// Reads a device until that fails, and says what came and why it failed.
import { net, run } from "@uk/miou-solo5";

run([net("wire")], function* (wire) {
  try {
    for (;;) console.log(`${(yield* wire.readFrame()).length} bytes`);
  } catch (error) {
    console.log(String(error));
  }
});
