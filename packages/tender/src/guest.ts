import type { ChildProcess } from "node:child_process";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { Exit } from "./exit.ts";
import { exitOf } from "./exit-of.ts";
import type { Stream } from "./guest-options.ts";
import { Output, watch } from "./output.ts";
import type { Tender } from "./spawn-guest.ts";
import { type Surroundings, spawnWithLifeline } from "./spawn-with-lifeline.ts";
import { Tail } from "./tail.ts";
import { TenderError } from "./tender-error.ts";

/** Most bytes that are kept of the console's end, and of the tender's lines, to tell how a guest ended. */
const KEPT = 16 * 1024;

/** How long a guest may take to end after SIGTERM, before SIGKILL ends it, in ms. */
export const KILL_AFTER_MS = 2000;
/** Signals that no guest can ignore. */
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]);

/** A guest that was started. */
export interface Guest {
  /** Of the tender, which on spt becomes the guest; `undefined` if it could not be started. */
  readonly pid: number | undefined;
  /** The guest's console, if `stdio` says `pipe`. A guest whose console nobody reads waits for a reader. */
  readonly stdout: Readable | undefined;
  /** The tender's lines, if `stdio` says `pipe`. */
  readonly stderr: Readable | undefined;
  /**
   * Settles when the tender's process has ended and all of its output is here. It does not wait for readers.
   *
   * @throws {TenderError} `START`: the tender could not be started
   */
  readonly exit: Promise<Exit>;
  /**
   * Sends a signal: without an argument SIGTERM, which no guest can ignore, nor SIGINT, SIGHUP and SIGQUIT. A tender that
   * is stopped or hangs can: where one of them has not ended it after `KILL_AFTER_MS`, it is sent SIGKILL, and `exit`
   * says so.
   *
   * @returns whether there was somebody to send it to
   * @throws {TypeError} there is no such signal
   */
  kill(signal?: NodeJS.Signals): boolean;
}

/** What surrounds a guest that is started with words of a tender's command line. */
export interface GuestSurroundings extends Pick<Surroundings, "stdio" | "cwd"> {
  /** Where the tender's lines go if standard error is piped; `pipe` without it. */
  readonly lines?: Stream;
  /** Kills the guest with SIGKILL when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs an image by a tender's command line, as {@link spawnGuest} does by options. Where standard error is not piped the
 * tender's lines are not seen: what it refuses is an exit with status 1 then.
 *
 * @param words - options, `--`, image and arguments (ABI section 6.2)
 */
export function startGuest(tender: Tender, words: readonly string[], surroundings: GuestSurroundings): Guest {
  const { stdio, cwd, lines = "pipe" } = surroundings;
  try {
    return new Running(tender, spawnWithLifeline(tender.path, words, { stdio, cwd }), surroundings);
  } catch (error) {
    if (!isHostError(error)) throw error;
    const ended = (...streams: unknown[]): Readable | undefined =>
      streams.every((stream) => stream === "pipe") ? Readable.from([]) : undefined;
    return {
      pid: undefined,
      stdout: ended(stdio[1]),
      stderr: ended(stdio[2], lines),
      exit: Promise.reject(notStarted(tender, surroundings, error)),
      kill: () => false,
    };
  }
}

class Running implements Guest {
  readonly pid: number | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #sent = new Set<NodeJS.Signals>();
  #patience: NodeJS.Timeout | undefined;
  /** The last signal that should have ended it. */
  #ending: NodeJS.Signals | undefined;
  #isForced = false;

  constructor({ target, path }: Tender, child: ChildProcess, surroundings: GuestSurroundings) {
    this.#child = child;
    this.pid = child.pid;
    const { lines = "pipe", signal } = surroundings;
    const [console, said] = [new Tail(KEPT), new Tail(KEPT)];
    // Too many open files leave a child without streams.
    const stdout = child.stdout ? new Output(child.stdout, console) : undefined;
    const stderr = child.stderr && lines === "pipe" ? new Output(child.stderr, said) : undefined;
    if (child.stderr && stderr === undefined) watch(child.stderr, said, lines === "inherit");
    [this.stdout, this.stderr] = [stdout, stderr];

    const abort = (): void => void this.kill("SIGKILL");
    signal?.addEventListener("abort", abort, { once: true });
    this.exit = new Promise((resolve, reject) => {
      child.on("error", (error) => {
        // Anything later is a signal that could not be sent.
        if (child.pid !== undefined) return;
        signal?.removeEventListener("abort", abort);
        reject(notStarted({ path }, surroundings, error));
      });
      child.on("exit", () => {
        clearTimeout(this.#patience);
        stdout?.flow();
        stderr?.flow();
      });
      child.on("close", (status, by) => {
        signal?.removeEventListener("abort", abort);
        const exit = exitOf({
          target,
          program: basename(path),
          status,
          signal: by,
          stdout: console.text,
          stderr: said.text,
          sent: this.#sent,
        });
        const ignored = this.#isForced && exit.reason === "killed" && exit.signal === "SIGKILL";
        resolve(ignored && this.#ending ? { ...exit, ignored: this.#ending } : exit);
      });
    });
  }

  kill(signal: NodeJS.Signals = "SIGTERM"): boolean {
    const sent = this.#child.kill(signal);
    if (sent) this.#sent.add(signal);
    if (!sent || !ENDING.has(signal)) return sent;
    this.#ending = signal;
    this.#patience ??= setTimeout(() => {
      this.#isForced = this.kill("SIGKILL");
    }, KILL_AFTER_MS);
    return true;
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number";

function isHostError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error;
}

function notStarted(
  { path }: Pick<Tender, "path">,
  { stdio, cwd }: GuestSurroundings,
  cause: NodeJS.ErrnoException,
): TenderError {
  const known: Record<string, string> = {
    E2BIG: "its arguments are more than the host allows",
    EACCES: "it may not be executed",
    EAGAIN: "there are too many processes",
    EBADF: `not all descriptors to hand over are open: ${stdio.filter(isNumber).join(", ")}`,
    EMFILE: "this process has too many open files",
    ENFILE: "the host has too many open files",
    ENOENT: cwd === undefined ? "there is no such file" : `there is no such file, or no folder ${cwd}`,
  };
  const why = known[cause.code ?? ""] ?? cause.message;
  return new TenderError("START", `${path}: the tender cannot be started: ${why}`, { cause });
}
