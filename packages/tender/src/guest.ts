import type { ChildProcess } from "node:child_process";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { Exit } from "./exit.ts";
import { exitOf, type Target } from "./exit-of.ts";
import type { Streams } from "./guest-options.ts";
import { Output, watch } from "./output.ts";
import { Tail } from "./tail.ts";
import { TenderError } from "./tender-error.ts";
import { KILL_AFTER_MS, startTender } from "./tender-process.ts";

/** Most bytes that are kept of the console's end, and of the tender's lines, to tell how a guest ended. */
const KEPT = 16 * 1024;

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
   * Sends a signal: without an argument SIGTERM, which no guest can ignore. A tender that is stopped or hangs can:
   * where SIGTERM has not ended it after `KILL_AFTER_MS`, it is sent SIGKILL, and `exit` says so.
   *
   * @returns whether there was somebody to send it to
   * @throws {TypeError} there is no such signal
   */
  kill(signal?: NodeJS.Signals): boolean;
}

/** A command line, and what surrounds it. */
export interface Command {
  readonly target: Target;
  /** Path of the tender. */
  readonly path: string;
  readonly words: readonly string[];
  readonly stdout: NonNullable<Streams["stdout"]>;
  readonly stderr: NonNullable<Streams["stderr"]>;
  /** Descriptors of this process that become 3, 4, … there. */
  readonly descriptors: readonly number[];
  readonly cwd: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Starts a tender. Whatever the host has against it is told by `exit`. */
export function start(command: Command): Guest {
  const { path, words, stdout, descriptors, cwd } = command;
  // Standard error is the tender's alone: it tells a refusal from a guest that ends with the same status.
  const stdio = ["ignore", stdout, "pipe", ...descriptors] as const;
  try {
    return new Running(command, startTender(path, words, { stdio, cwd }));
  } catch (error) {
    if (!isHostError(error)) throw error;
    const ended = (stream: unknown): Readable | undefined =>
      stream === "pipe" ? Readable.from([]) : undefined;
    return {
      pid: undefined,
      stdout: ended(stdout),
      stderr: ended(command.stderr),
      exit: Promise.reject(notStarted(command, error)),
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
  #forced = false;

  constructor(command: Command, child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid;
    const [console, lines] = [new Tail(KEPT), new Tail(KEPT)];
    // Too many open files leave a child without streams.
    const stdout = child.stdout ? new Output(child.stdout, console) : undefined;
    const stderr = child.stderr && command.stderr === "pipe" ? new Output(child.stderr, lines) : undefined;
    if (child.stderr && stderr === undefined) watch(child.stderr, lines, command.stderr === "inherit");
    [this.stdout, this.stderr] = [stdout, stderr];

    const abort = (): void => void this.kill("SIGKILL");
    const { signal } = command;
    signal?.addEventListener("abort", abort, { once: true });
    this.exit = new Promise((resolve, reject) => {
      child.on("error", (error) => {
        // Anything later is a signal that could not be sent.
        if (child.pid !== undefined) return;
        signal?.removeEventListener("abort", abort);
        reject(notStarted(command, error));
      });
      child.on("exit", () => {
        clearTimeout(this.#patience);
        stdout?.flow();
        stderr?.flow();
      });
      child.on("close", (status, by) => {
        signal?.removeEventListener("abort", abort);
        const { target, path } = command;
        const said = { stdout: console.text, stderr: lines.text };
        const end = { target, program: basename(path), status, signal: by, ...said, sent: this.#sent };
        const exit = exitOf(end);
        const forced = this.#forced && exit.reason === "killed" && exit.signal === "SIGKILL";
        resolve(forced ? { ...exit, ignored: "SIGTERM" } : exit);
      });
    });
  }

  kill(signal: NodeJS.Signals = "SIGTERM"): boolean {
    const sent = this.#child.kill(signal);
    if (sent) this.#sent.add(signal);
    if (sent && signal === "SIGTERM") this.#patience ??= setTimeout(() => this.#force(), KILL_AFTER_MS);
    return sent;
  }

  #force(): void {
    this.#forced = this.kill("SIGKILL");
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number";

function isHostError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error;
}

function notStarted({ path, stdout, descriptors, cwd }: Command, cause: NodeJS.ErrnoException): TenderError {
  const known: Record<string, string> = {
    E2BIG: "its arguments are more than the host allows",
    EACCES: "it may not be executed",
    EAGAIN: "there are too many processes",
    EBADF: `not all descriptors to hand over are open: ${[stdout, ...descriptors].filter(isNumber).join(", ")}`,
    EMFILE: "this process has too many open files",
    ENFILE: "the host has too many open files",
    ENOENT: cwd === undefined ? "there is no such file" : `there is no such file, or no folder ${cwd}`,
  };
  const why = known[cause.code ?? ""] ?? cause.message;
  return new TenderError("START", `${path}: the tender cannot be started: ${why}`, { cause });
}
