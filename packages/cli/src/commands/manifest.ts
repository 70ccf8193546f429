import { printManifest } from "@uk/manifest";
import { defineCommand } from "citty";
import { programManifest } from "../build-images.ts";
import type { Command } from "../command.ts";
import { findEntry } from "../entry.ts";
import { say } from "../say.ts";

export const manifest: Command = {
  command: defineCommand({
    meta: { name: "manifest", description: "Print the manifest of a program: the devices it needs." },
    args: {
      entry: {
        type: "positional",
        description: "First module of the program, or its folder",
        required: true,
      },
    },
    async run({ args }) {
      say(printManifest(await programManifest(findEntry(args.entry))));
    },
  }),
  examples: ["uk manifest src/hello.ts"],
};
