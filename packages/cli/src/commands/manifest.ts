import { print } from "@uk/manifest";
import type { Command } from "../command.ts";
import { status } from "../error.ts";
import { say } from "../say.ts";

export const manifest: Command = {
  what: "Print the manifest of a program: the devices it needs.",
  operands: { ENTRY: "First module of the program, or its folder" },
  examples: ["uk manifest src/hello.ts"],
  async run({ operands: [entry = ""] }) {
    const { manifestOf } = await import("@uk/build");
    say(print(await manifestOf(entry, { stdio: "inherit" })));
    return status.ok;
  },
};
