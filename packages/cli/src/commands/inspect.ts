import { formatImageInfo, imageInfoToJson } from "@uk/image";
import { defineCommand } from "citty";
import type { Command } from "../command.ts";
import { openImage } from "../open-image.ts";
import { say } from "../say.ts";

export const inspect: Command = {
  command: defineCommand({
    meta: {
      name: "inspect",
      description: "Show what is in an image: ABI, manifest, segments, sizes, build id.",
    },
    args: {
      image: { type: "positional", description: "A Solo5 image, ours or not", required: true },
      json: { type: "boolean", description: "Print JSON" },
    },
    run({ args }) {
      const info = openImage(args.image);
      say(args.json ? JSON.stringify(imageInfoToJson(info), null, 2) : formatImageInfo(info).trimEnd());
    },
  }),
  examples: ["uk inspect dist/hello.spt", "uk inspect dist/hello.spt --json"],
};
