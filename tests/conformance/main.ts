import { block, net, run } from "@uk/miou-solo5";
import { conformance } from "./suite.ts";

run(
  [net("service"), net("quiet"), net("wire"), block("storage"), block("pages"), block("fixed")],
  function* (service, quiet, wire, storage, pages, fixed) {
    yield* conformance({ service, quiet, wire, storage, pages, fixed });
  },
);
