import { parallel, run } from "@uk/miou/node";
import { increment } from "./work.mjs";

/** Calls in flight at a time. */
const WINDOW = 20;

export default () => ({
  parallel: (n) =>
    run(
      function* () {
        const batch = Array.from({ length: WINDOW }, (_, i) => i);
        for (let i = 0; i < n / WINDOW; i++) {
          const results = yield* parallel(increment, batch);
          if (!results.every((result, at) => result.ok && result.value === at + 1)) throw new Error("wrong");
        }
      },
      { domains: 1 },
    ),
});
