// For `node --import`: programs of this process run in Node's own loop instead of printing manifests.
import { installTarget } from "@uk/miou-solo5/target";

const start = process.hrtime.bigint();

installTarget({
  target: "node",
  cmdline: process.argv.slice(2).join(" "),
  clockMonotonic: () => process.hrtime.bigint() - start,
  clockWall: () => BigInt(Date.now()) * 1_000_000n,
});
