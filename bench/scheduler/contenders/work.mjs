// What a thread is asked to do: nearly nothing, so that the call itself is what is measured.
import { portable } from "@uk/miou";

export const increment = portable(import.meta.url, "increment", function* (n) {
  return n + 1;
});

/** The same for tinypool, which calls a plain function. */
export default (n) => n + 1;
