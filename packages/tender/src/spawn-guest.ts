import { fileURLToPath } from "node:url";
import type { Target } from "@uk/manifest";
import { type Guest, type GuestSurroundings, startGuest } from "./guest.ts";
import type { GuestOptions, Stream, Streams } from "./guest-options.ts";
import { optionWords, record, text, whole, withoutNul } from "./option-words.ts";

/** A tender: one of the binaries that run Solo5 images. */
export interface Tender {
  readonly target: Target;
  /** Path of its binary. */
  readonly path: string;
  /** Options that only it has: `{ "--gdb": true, "--gdb-port": 1234 }`. */
  readonly own?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/**
 * Runs an image. Returns when the tender has been started; `exit` tells the rest, what the tender refuses
 * included. It ends with this process; `signal` and `kill` end it before.
 *
 * @param image - path or `file:` URL
 * @throws {TypeError} an argument has another type, or text that no command line can hold
 * @throws {RangeError} an argument is out of range
 * @throws the signal's reason: it was aborted before the start
 */
export function spawnGuest(tender: Tender, image: string | URL, options: GuestOptions = {}): Guest {
  record("options", options);
  const { words, descriptors } = optionWords(options);
  const own = Object.entries(tender.own ?? {}).flatMap(([flag, value]) => ownWord(flag, value));
  const path = image instanceof URL ? fileURLToPath(image) : text("image", image);
  const { args = [], stdio = {}, cwd, signal } = options;
  if (!Array.isArray(args)) throw new TypeError(`args: ${String(args)} is not an array`);
  const argv = args.map((word, index) => withoutNul(`args[${index}]`, word));
  const { stdout, stderr } = streams(stdio);
  const surroundings: GuestSurroundings = {
    // Standard error is the tender's alone: it tells a refusal from a guest that ends with the same status.
    stdio: ["ignore", stdout, "pipe", ...descriptors],
    lines: stderr,
    cwd: cwd === undefined ? undefined : text("cwd", cwd),
    signal,
  };
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError("signal: it is not an AbortSignal");
  signal?.throwIfAborted();
  return startGuest(tender, [...words, ...own, "--", path, ...argv], surroundings);
}

function ownWord(flag: string, value: string | number | boolean | undefined): string[] {
  if (value === undefined || value === false) return [];
  if (value === true) return [flag];
  return [`${flag}=${typeof value === "number" ? whole(flag, value, 0) : text(flag, value)}`];
}

const STREAMS: readonly unknown[] = ["inherit", "pipe", "ignore"] satisfies Stream[];

function streams(stdio: Stream | Streams): Required<Streams> {
  const { stdout = "inherit", stderr = "inherit" } =
    typeof stdio === "string" ? { stdout: stdio, stderr: stdio } : record("stdio", stdio);
  if (typeof stdout === "number") whole("stdio.stdout", stdout, 0);
  else stream("stdio.stdout", stdout);
  stream("stdio.stderr", stderr);
  return { stdout, stderr };
}

function stream(what: string, value: unknown): void {
  if (!STREAMS.includes(value))
    throw new TypeError(`${what}: ${String(value)} is not "inherit", "pipe" or "ignore"`);
}
