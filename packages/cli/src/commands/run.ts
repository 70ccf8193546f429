import { accessSync, existsSync, constants as files } from "node:fs";
import { constants } from "node:os";
import { StackTraces } from "@uk/build/stack-traces";
import { isTarget } from "@uk/manifest";
import { readRegularFile } from "@uk/manifest/node";
import type { Exit } from "@uk/tender";
import type { Command } from "../command.ts";
import { CliError, isSaid, status } from "../error.ts";
import { findImage, siblingImage } from "../find-image.ts";
import { type MapFile, parseMapFile } from "../map-file.ts";
import { openImage } from "../open-image.ts";
import { complain } from "../say.ts";
import { showConsole } from "../show-console.ts";
import { tenderPath } from "../tender-path.ts";
import { inherited, tenderWords } from "../tender-words.ts";

export const run: Command = {
  what: "Boot an image under its tender; the exit status is the guest's.",
  operands: {
    "[OPTIONS]": "Options of the tender, e.g. --mem=64",
    "[--]": "Ends them, where IMAGE begins with -",
    IMAGE: "The image; without .spt or .hvt: the one of these that is there, spt first",
    "[ARGS]": "Arguments of the guest",
  },
  examples: [
    "uk run dist/hello.spt",
    "uk run --mem=64 dist/hello.hvt --verbose one two",
    "uk run -- dist/hello --solo5:debug",
  ],
  passThrough: () => true,
  async run({ operands }) {
    const { options, image: word, args } = tenderWords(operands);
    if (word === undefined) throw new CliError("run: IMAGE is missing; see uk run --help", status.usage);
    const image = findImage(word);
    const { abi, debugId } = openImage(image);
    const { target } = abi;
    if (!isTarget(target))
      throw new CliError(`${image}: an image for ${target}, for which there is no tender here`);
    const path = tenderPath(target);
    const { KILL_AFTER_MS, startGuest } = await import("@uk/tender");
    const map = mapBeside(image);
    const [stdin = "inherit", stdout = "inherit", ...others] = inherited(options);
    let passedOn = false;
    const passOn = (signal: NodeJS.Signals): void => {
      passedOn = guest.kill(signal) || passedOn;
    };
    // Before the start: a guest may be up and running sooner than `startGuest` returns.
    for (const signal of PASSED_ON) process.on(signal, passOn);
    const guest = startGuest({ target, path }, [...options, "--", image, ...args], {
      stdio: [stdin, map === undefined ? stdout : "pipe", ...others],
    });
    // Most guests never have it parsed.
    const traces = map && new StackTraces(() => parseMapFile({ ...map, debugId }).catch(warn));
    const shown = traces && guest.stdout && showConsole(guest.stdout, traces);
    const [exit] = await Promise.all([guest.exit, shown]);
    for (const signal of PASSED_ON) process.off(signal, passOn);
    const end = statusOf(exit);
    const needsKvm = target === "hvt" && end === 1 && !canUseKvm();
    const said = remark(exit, passedOn, KILL_AFTER_MS) ?? (needsKvm ? otherWay(image) : undefined);
    if (said !== undefined) complain(`${image}: ${said}`);
    return end;
  },
};

/** Signals that end the guest as they would end `uk`. */
const PASSED_ON: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** The source map beside an image, if there is one; the image runs without. */
function mapBeside(image: string): MapFile | undefined {
  const path = image.replace(/\.(hvt|spt)$/, ".map");
  if (path === image || !existsSync(path)) return undefined;
  try {
    // Now: a build may put another one in its place.
    return { path, bytes: readRegularFile(path, "the source map") };
  } catch (error) {
    return warn(error);
  }
}

function warn(error: unknown): undefined {
  if (!isSaid(error)) throw error;
  complain(`warning: ${error.message}; stack traces show places in the bundle`);
}

/** What a shell shows for it. */
function statusOf(exit: Exit): number {
  if (exit.reason === "killed") return 128 + constants.signals[exit.signal];
  return exit.status ?? 128 + constants.signals[exit.signal as NodeJS.Signals];
}

/** What is to be said about how a guest ended, beyond what guest and tender have said. */
function remark(exit: Exit, passedOn: boolean, patienceMs: number): string | undefined {
  if (exit.reason === "killed") {
    if (exit.ignored !== undefined)
      return `${exit.ignored} did not end the guest within ${patienceMs / 1000} s: SIGKILL did`;
    return passedOn ? undefined : `${exit.signal} ended the guest`;
  }
  if (exit.reason === "tender") return `its tender ${exit.message}`;
  if (exit.reason !== "trap") return undefined;
  return exit.signal === "SIGBUS"
    ? exit.message
    : `${exit.message}: the image is damaged, or it found a bug of uk`;
}

function otherWay(image: string): string | undefined {
  const other = siblingImage(image, "spt");
  return other && `it needs KVM; the same program runs without: uk run ${other}`;
}

function canUseKvm(): boolean {
  try {
    accessSync("/dev/kvm", files.R_OK | files.W_OK);
    return true;
  } catch {
    return false;
  }
}
