import { existsSync, fstatSync } from "node:fs";
import { CliError, status } from "./error.ts";

/**
 * What the words of a tender's command line mean for who starts one: `[OPTIONS] [--] IMAGE [ARGS]` (ABI section 6.2).
 */
export interface TenderWords {
  /** Words in front of the image, without `--`. */
  readonly options: readonly string[];
  /** The first word that is not an option, or the word after `--`. */
  readonly image: string | undefined;
  /** The words behind it. */
  readonly args: readonly string[];
}

/**
 * Reads a tender's command line.
 *
 * @throws {CliError} it asks for what no tender has yet
 */
export function tenderWords(words: readonly string[]): TenderWords {
  const found = words.findIndex((word) => !word.startsWith("-") || word === "--");
  const end = found < 0 ? words.length : found;
  const at = words[end] === "--" ? end + 1 : end;
  const options = words.slice(0, end);
  refuseUserNetwork(options);
  return { options, image: words[at], args: words.slice(at + 1) };
}

/** A network without privileges is not there yet; an interface may be called `user` all the same. */
function refuseUserNetwork(options: readonly string[]): void {
  const option = options.find((word) => /^--net:[^=]*=user$/.test(word));
  if (option === undefined || existsSync("/sys/class/net/user")) return;
  throw new CliError(
    `option ${option}: a network without privileges is not there yet: name a TAP interface, e.g. made by \`ip tuntap add tap0 mode tap user $USER\``,
    status.usage,
  );
}

/**
 * The standard streams, and the descriptors that `--net:NAME=@FD` names: what a child has to inherit. One that is not
 * open is left out, and the tender says so.
 */
export function inherited(options: readonly string[]): ("inherit" | "ignore" | number)[] {
  const streams: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  const standard = streams.length;
  for (const option of options) {
    const [, digits] = /^--net:[^=]*=@(\d{1,4})$/.exec(option) ?? [];
    const descriptor = Number(digits);
    if (digits === undefined || descriptor < standard || !isOpen(descriptor)) continue;
    while (streams.length < descriptor) streams.push("ignore");
    streams[descriptor] = descriptor;
  }
  return streams;
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}
