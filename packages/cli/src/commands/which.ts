import { isTarget, targets } from "@uk/runtime";
import { defineCommand } from "citty";
import type { Command } from "../command.ts";
import { CliError, status } from "../error.ts";
import { say } from "../say.ts";
import { tenderPath } from "../tenders.ts";

export const which: Command = {
  command: defineCommand({
    meta: { name: "which", description: "Print the path of a target's tender." },
    args: {
      target: { type: "positional", description: `The target: ${targets.join(" or ")}`, required: true },
    },
    run({ args }) {
      if (!isTarget(args.target))
        throw new CliError(
          `which: no tender for ${JSON.stringify(args.target)}: there is one for ${targets.join(" and ")}`,
          status.usage,
        );
      say(tenderPath[args.target]());
    },
  }),
  examples: ["uk which spt", '"$(uk which hvt)" --mem=64 dist/hello.hvt'],
};
