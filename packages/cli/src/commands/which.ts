import { isTarget, TARGETS } from "@uk/manifest";
import type { Command } from "../command.ts";
import { CliError, status } from "../error.ts";
import { say } from "../say.ts";
import { tenderPath } from "../tender-path.ts";

export const which: Command = {
  what: "Print the path of a target's tender.",
  operands: { TARGET: `The target: ${TARGETS.join(" or ")}` },
  examples: ["uk which spt", '"$(uk which hvt)" --mem=64 dist/hello.hvt'],
  run({ operands: [target = ""] }) {
    if (!isTarget(target))
      throw new CliError(
        `which: no tender for ${JSON.stringify(target)}: there is one for ${TARGETS.join(" and ")}`,
        status.usage,
      );
    say(tenderPath(target));
    return status.ok;
  },
};
