import { block, net, run } from "@uk/miou-solo5";
import { conformance } from "./suite.ts";

run(
  [net("service"), net("quiet"), block("storage"), block("pages"), block("fixed")],
  function* (service, quiet, storage, pages, fixed) {
    yield* conformance({ service, quiet, storage, pages, fixed });
  },
);
