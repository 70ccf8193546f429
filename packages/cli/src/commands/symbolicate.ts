import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { StackTraces } from "@uk/build/stack-traces";
import { readRegularFile, WHOLE_MAX } from "@uk/manifest/node";
import type { Command } from "../command.ts";
import { CliError, status } from "../error.ts";
import { parseMapFile } from "../map-file.ts";
import { openImage } from "../open-image.ts";

export const symbolicate: Command = {
  what: "Print a log of a guest with the stack traces' places in the program's sources.",
  operands: { LOG: "A file, or - for standard input" },
  options: {
    map: {
      value: "FILE",
      what: "The program's source map (default: NAME.map beside the log or in dist)",
    },
    image: {
      value: "IMAGE",
      what: "The image that the log is of: refuses the source map of another build",
    },
  },
  examples: ["uk symbolicate guest.log --map dist/hello.map", "journalctl -u guest | uk symbolicate -"],
  async run({ operands: [log = ""], options }) {
    const text = log === "-" ? await readInput() : readRegularFile(log, "the log");
    const path = options.get("map") ?? findMap(log, text);
    const image = options.get("image");
    const debugId = image === undefined ? undefined : openImage(image).debugId;
    const map = await parseMapFile({ path, bytes: readRegularFile(path, "the source map"), debugId });
    const traces = new StackTraces(async () => map);
    process.stdout.write(Buffer.concat([await traces.write(text), await traces.end()]));
    return status.ok;
  },
};

/** Standard input to its end. */
async function readInput(): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin) {
    pieces.push(piece);
    size += piece.length;
    if (size > WHOLE_MAX)
      throw new CliError(
        `-: cannot read the log: it has more than ${WHOLE_MAX} bytes, of which at most so many are read`,
      );
  }
  return Buffer.concat(pieces);
}

/** The source map of the program that the log's first stack trace is of. */
function findMap(log: string, text: Uint8Array): string {
  const [, name] = /^ *at (?:.*[( ])?([^/\s(]+)\.js:\d+:\d+\)?$/m.exec(Buffer.from(text).toString()) ?? [];
  if (name === undefined) throw new CliError(`${log}: no stack trace of a guest is in it`);
  const folders = log === "-" ? ["dist", "."] : [dirname(log), "dist", "."];
  const found = folders.map((folder) => join(folder, `${name}.map`)).find(existsSync);
  if (found !== undefined) return found;
  throw new CliError(`${log}: the source map of ${name}.js is not there: give it with --map ${name}.map`);
}
