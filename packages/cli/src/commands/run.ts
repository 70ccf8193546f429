import { accessSync, existsSync, constants as files } from "node:fs";
import { basename } from "node:path";
import { isTarget } from "@uk/runtime";
import { KILL_AFTER_MS } from "@uk/tender";
import { defineCommand } from "citty";
import type { Command } from "../command.ts";
import { CliError, status } from "../error.ts";
import { findImage, siblingImage } from "../find-image.ts";
import { openImage } from "../open-image.ts";
import { complain } from "../say.ts";
import { readSourceMap, type SourcePositions } from "../source-positions.ts";
import { type End, tend } from "../tend.ts";
import { inherited, tenderWords } from "../tender-words.ts";
import { tenderPath } from "../tenders.ts";

export const run: Command = {
  command: defineCommand({
    meta: { name: "run", description: "Boot an image under its tender; the exit status is the guest's." },
    args: {
      options: { type: "positional", description: "Options of the tender, e.g. --mem=64", required: false },
      image: {
        type: "positional",
        description: "The image; without .spt or .hvt: the one of these that is there, spt first",
        required: false,
      },
      args: { type: "positional", description: "Arguments of the guest", required: false },
    },
    async run({ rawArgs }) {
      const { options, image: word, args } = tenderWords(rawArgs);
      if (word === undefined) throw new CliError("run: IMAGE is missing; see uk run --help", status.usage);
      const image = findImage(word);
      const { target } = openImage(image).abi;
      if (!isTarget(target))
        throw new CliError(`${image}: an image for ${target}, for which there is no tender here`);
      const end = await tend(tenderPath[target](), [...options, "--", image, ...args], {
        stdio: inherited(options),
        positions: positionsOf(image),
      });
      const said = remark(image, target === "hvt", end);
      if (said !== undefined) complain(`${image}: ${said}`);
      return end.status;
    },
  }),
  examples: [
    "uk run dist/hello.spt",
    "uk run --mem=64 dist/hello.hvt --verbose one two",
    "uk run -- dist/hello --solo5:debug",
  ],
  passThrough: true,
};

/** The source map beside an image, if there is one; the image runs without. */
function positionsOf(image: string): SourcePositions | undefined {
  const program = image.replace(/\.(hvt|spt)$/, "");
  const map = `${program}.map`;
  if (program === image || !existsSync(map)) return undefined;
  try {
    return readSourceMap(map, `${basename(program)}.js`);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    complain(`warning: ${error.message}; stack traces show places in the bundle`);
    return undefined;
  }
}

/** What is to be said about how a guest ended, beyond what guest and tender have said. */
function remark(image: string, isHvt: boolean, { status, signal, ignored }: End): string | undefined {
  if (ignored !== undefined)
    return `${ignored} did not end the guest within ${KILL_AFTER_MS / 1000} s: SIGKILL did`;
  if (signal === "SIGBUS")
    return "SIGBUS ended the guest: its image was overwritten while it ran; rename a new image over it, as uk build does";
  if (signal !== undefined) {
    const crash = crashes[signal];
    const why = crash === undefined ? "" : `${crash}: the image is damaged, or it found a bug of uk`;
    return `${signal} ended the guest${why}`;
  }
  const other = siblingImage(image, "spt");
  if (isHvt && status === 1 && other !== undefined && !canUseKvm())
    return `it needs KVM; the same program runs without: uk run ${other}`;
  return undefined;
}

/** What a guest that is a process of the host did, by the signal that ended it (ABI section 5.6). */
const crashes: Partial<Record<NodeJS.Signals, string>> = {
  SIGSEGV: ", which used memory that it may not use in that way, or that is not there",
  SIGFPE: ", which divided by zero",
  SIGILL: ", which executed an instruction that does not exist",
  SIGTRAP: ", which executed a breakpoint",
  SIGSYS: ", which made a system call that its sandbox forbids",
};

function canUseKvm(): boolean {
  try {
    accessSync("/dev/kvm", files.R_OK | files.W_OK);
    return true;
  } catch {
    return false;
  }
}
