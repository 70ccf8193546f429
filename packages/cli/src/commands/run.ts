import { spawn } from "node:child_process";
import { constants } from "node:os";
import { binaryPath } from "@uk/tender-spt";
import { defineCommand } from "citty";
import type { Command } from "../command.ts";
import { CliError, status, systemReason } from "../error.ts";
import { openImage } from "../open-image.ts";

export const run: Command = {
  command: defineCommand({
    meta: { name: "run", description: "Boot an image under its tender; the exit status is the guest's." },
    args: {
      options: { type: "positional", description: "Options of the tender, e.g. --mem=64", required: false },
      image: { type: "positional", description: "The image", required: false },
      args: { type: "positional", description: "Arguments of the guest", required: false },
    },
    async run({ rawArgs }) {
      const image = findImage(rawArgs);
      const { abi } = await openImage(image);
      if (abi.target !== "spt")
        throw new CliError(`${image}: an image for ${abi.target}; the tender here runs spt images only`);
      return await tend(binaryPath(), rawArgs, image);
    },
  }),
  examples: [
    "uk run dist/main.spt",
    "uk run --mem=64 dist/main.spt --verbose one two",
    "uk run -- dist/main.spt --solo5:debug",
  ],
  passThrough: true,
};

/** The first word that is not an option, or the word after `--` (ABI section 6.2). */
function findImage(words: readonly string[]): string {
  const at = words.findIndex((word) => !word.startsWith("-") || word === "--");
  const image = words[at] === "--" ? words[at + 1] : words[at];
  if (image === undefined) throw new CliError("run: IMAGE is missing; see uk run --help", status.usage);
  return image;
}

/** Signals that end the guest as they would end `uk`. */
const PASSED_ON: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

function tend(tender: string, words: readonly string[], image: string): Promise<number> {
  let passedOn = false;
  // Before the start: a guest may be up and running sooner than `spawn` returns.
  const handlers = PASSED_ON.map((signal) => {
    const handler = (): void => {
      passedOn = true;
      child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  const child = spawn(tender, words, { stdio: "inherit" });
  return new Promise<number>((resolve, reject) => {
    child.on("error", (error) =>
      reject(new CliError(`${tender}: cannot start the tender: ${systemReason(error)}`)),
    );
    child.on("close", (code, signal) => {
      for (const remove of handlers) remove();
      if (signal !== null && !passedOn)
        console.error(
          `uk: ${image}: ${signal} ended the guest: the image is damaged, or it found a bug of uk`,
        );
      // What a shell reports for a process that a signal ended.
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
