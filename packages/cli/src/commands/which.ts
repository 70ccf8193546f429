import { binaryPath } from "@uk/tender-spt";
import { defineCommand } from "citty";
import type { Command } from "../command.ts";
import { CliError, status } from "../error.ts";

export const which: Command = {
  command: defineCommand({
    meta: { name: "which", description: "Print the path of a target's tender." },
    args: {
      target: { type: "positional", description: "The target: spt", required: true },
    },
    run({ args }) {
      if (args.target !== "spt")
        throw new CliError(
          `which: no tender for ${JSON.stringify(args.target)}: there is one for spt`,
          status.usage,
        );
      console.log(binaryPath());
    },
  }),
  examples: ["uk which spt", '"$(uk which spt)" --mem=64 dist/main.spt'],
};
