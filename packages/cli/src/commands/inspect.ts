import { format, toJson } from "@uk/image";
import type { Command } from "../command.ts";
import { status } from "../error.ts";
import { openImage } from "../open-image.ts";
import { say } from "../say.ts";

export const inspect: Command = {
  what: "Show what is in an image: ABI, manifest, segments, sizes, build id.",
  operands: { IMAGE: "A Solo5 image, of uk or not" },
  options: { json: { what: "Print JSON" } },
  examples: ["uk inspect dist/hello.spt", "uk inspect dist/hello.spt --json"],
  run({ operands: [image = ""], options }) {
    const info = openImage(image);
    say(options.has("json") ? JSON.stringify(toJson(info), null, 2) : format(info).trimEnd());
    return status.ok;
  },
};
