import { constants } from "node:os";
import type { Readable } from "node:stream";
import { KILL_AFTER_MS, startTender } from "@uk/tender";
import { CliError, systemReason } from "./error.ts";
import type { SourcePositions } from "./source-positions.ts";

/** How a tender ended. */
export interface End {
  /** Its status; what a shell reports if a signal ended it, 128 + N. */
  readonly status: number;
  /** The signal that ended it, if `uk` did not send it itself. */
  readonly signal: NodeJS.Signals | undefined;
  /** The signal that `uk` passed on in vain, until SIGKILL ended the guest. */
  readonly ignored: NodeJS.Signals | undefined;
}

export interface TendOptions {
  /** What the tender has for its descriptors. */
  readonly stdio: ("inherit" | "ignore" | number)[];
  /** Rewrites stack traces on the guest's console; without it the console is `uk`'s own. */
  readonly positions: SourcePositions | undefined;
}

/** Signals that end the guest as they would end `uk`. */
const PASSED_ON: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/**
 * Runs a tender to its end. It ends with `uk`, however that ends; one that a signal to `uk` has not ended after
 * `KILL_AFTER_MS` is killed.
 *
 * @throws {CliError} it cannot be started
 */
export function tend(tender: string, words: readonly string[], options: TendOptions): Promise<End> {
  const { stdio, positions } = options;
  let passedOn: NodeJS.Signals | undefined;
  let patience: NodeJS.Timeout | undefined;
  let forced = false;
  // Before the start: a guest may be up and running sooner than `spawn` returns.
  const handlers = PASSED_ON.map((signal) => {
    const handler = (): void => {
      passedOn = signal;
      child.kill(signal);
      patience ??= setTimeout(() => {
        forced = child.kill("SIGKILL");
      }, KILL_AFTER_MS);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  const [stdin = "inherit", , ...others] = stdio;
  const child = startTender(tender, words, {
    stdio: positions === undefined ? stdio : [stdin, "pipe", ...others],
    env: process.env,
  });
  if (positions !== undefined && child.stdout !== null) show(child.stdout, positions);
  return new Promise<End>((resolve, reject) => {
    child.on("error", (error) =>
      reject(new CliError(`${tender}: cannot start the tender: ${systemReason(error)}`)),
    );
    child.on("exit", () => clearTimeout(patience));
    child.on("close", (code, signal) => {
      for (const remove of handlers) remove();
      resolve({
        status: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        signal: signal === null || passedOn !== undefined ? undefined : signal,
        ignored: forced && signal === "SIGKILL" ? passedOn : undefined,
      });
    });
  });
}

/** Copies the guest's console to ours. Text that nobody reads any more is dropped, as tenders do. */
function show(console: Readable, positions: SourcePositions): void {
  let open = true;
  process.stdout.on("error", () => {
    open = false;
    console.resume();
  });
  const write = (text: Buffer): void => {
    if (text.length === 0 || !open || process.stdout.write(text)) return;
    console.pause();
    process.stdout.once("drain", () => console.resume());
  };
  console.on("data", (chunk: Buffer) => write(positions.write(chunk)));
  console.on("end", () => write(positions.end()));
}
