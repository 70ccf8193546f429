import { print } from "@uk/manifest";
import { isCommand, main } from "@uk/manifest/node";
import packageJson from "../../package.json" with { type: "json" };
import type { Command } from "../command.ts";
import { status } from "../error.ts";
import { say } from "../say.ts";

export const manifest: Command = {
  what: "Print the manifest of a program: the devices it needs. Or do what solo5-elftool does.",
  operands: { ENTRY: "First module of the program, or its folder; or one of these:" },
  alternatives: {
    "gen-manifest SOURCE OUTPUT": "Make C source of a manifest in JSON",
    "query-manifest BINARY": "Print the manifest of an image",
    "query-abi BINARY": "Print target and ABI version of an image",
  },
  examples: [
    "uk manifest src/hello.ts",
    "uk manifest gen-manifest app.json manifest.c",
    "uk manifest query-manifest dist/hello.spt",
  ],
  passThrough: isCommand,
  async run({ operands }) {
    if (isCommand(operands))
      return main(operands, { prefix: "uk", program: "uk manifest", version: packageJson.version });
    const { manifestOf } = await import("@uk/build");
    say(print(await manifestOf(operands[0] ?? "", { stdio: "inherit" })));
    return status.ok;
  },
};
