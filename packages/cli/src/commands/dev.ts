import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { BuildError, NodeProgram } from "@uk/build";
import type { Manifest } from "@uk/manifest";
import type { Command } from "../command.ts";
import { CliError, isSaid, status } from "../error.ts";
import { complain } from "../say.ts";
import { inherited, tenderWords } from "../tender-words.ts";

/** What the launcher in the program's process is told, as JSON in `UK_DEV`. */
export interface Launch {
  readonly options: readonly string[];
  readonly manifest: Manifest;
  readonly args: readonly string[];
}

export const dev: Command = {
  what: "Run a program on Node with real devices, again whenever its sources change.",
  operands: {
    "[OPTIONS]": "Devices as for a tender, Node's --inspect, --no-watch to run it once",
    "[--]": "Ends them, where ENTRY begins with -",
    ENTRY: "First module of the program, or its folder",
    "[ARGS]": "Arguments of the program",
  },
  examples: [
    "uk dev src/hello.ts",
    "uk dev --net:service=tap0 --block:storage=disk.img src/hello.ts --verbose one two",
    "uk dev --inspect-brk --no-watch src/hello.ts",
  ],
  passThrough: () => true,
  async run({ operands }) {
    const words = parse(operands);
    const folder = await mkdtemp(join(tmpdir(), "uk-")).catch((error: NodeJS.ErrnoException) => {
      const why = `nothing can be written there (${error.code}): name another folder in TMPDIR`;
      throw new CliError(`dev: ${tmpdir()}: ${why}`);
    });
    const session = new Session(words, folder);
    try {
      return await (words.watch ? watched(words, session) : runOnce(words, session));
    } finally {
      await session.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Words {
  readonly entry: string;
  readonly watch: boolean;
  /** Options of Node. */
  readonly node: readonly string[];
  /** Options of a tender. */
  readonly options: readonly string[];
  readonly args: readonly string[];
}

function parse(words: readonly string[]): Words {
  const { options, image: entry, args } = tenderWords(words);
  if (entry === undefined) throw new CliError("dev: ENTRY is missing; see uk dev --help", status.usage);
  const isNode = (word: string): boolean => /^--inspect(-brk|-wait)?(=|$)/.test(word);
  return {
    entry,
    watch: !options.includes("--no-watch"),
    node: options.filter(isNode),
    options: options.filter((word) => !isNode(word) && word !== "--no-watch"),
    args,
  };
}

async function runOnce({ entry }: Words, session: Session): Promise<number> {
  for (const signal of SIGNALS) process.on(signal, () => session.kill(signal));
  const { bundleForNode } = await import("@uk/build");
  await session.start(await bundleForNode(entry));
  return session.ended;
}

/** Runs until a signal ends it. */
async function watched({ entry }: Words, session: Session): Promise<number> {
  const signalled = Promise.race(SIGNALS.map((name) => once(process, name)));
  let work = Promise.resolve();
  const { watchForNode } = await import("@uk/build");
  const dispose = await watchForNode(entry, (made) => {
    work = work.then(() => again(session, made));
  });
  const [signal] = (await signalled) as [NodeJS.Signals];
  if (!session.isRunning) session.kill(signal);
  await dispose();
  await work;
  return 128 + constants.signals[signal];
}

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Starts the program anew; what is wrong with it is said, and waits for the next change. */
async function again(session: Session, made: NodeProgram | BuildError): Promise<void> {
  try {
    if (session.isRunning) complain("the program changed: starting it again");
    await session.stop();
    if (made instanceof Error) throw made;
    await session.start(made);
    if (!session.isRunning) return;
  } catch (error) {
    if (!isSaid(error)) throw error;
    complain(error.message);
    complain("waiting for a change");
    return;
  }
  void session.ended.then((code) => {
    if (!session.isStopping) complain(`the program ended with status ${code}: waiting for a change`);
  });
}

/** The program's process, one at a time. */
class Session {
  /** The status of the process, once it has ended; 128 + N if signal N ended it. */
  ended: Promise<number> = Promise.resolve(status.ok);
  isStopping = false;
  readonly #words: Words;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  /** What came before there was a process: there will be none. */
  #early: NodeJS.Signals | undefined;

  constructor(words: Words, folder: string) {
    this.#words = words;
    this.#folder = folder;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  async start(made: NodeProgram): Promise<void> {
    const { node, options, args } = this.#words;
    const { spawnWithLifeline } = await import("@uk/tender");
    const launch: Launch = { options, args, manifest: await made.manifest() };
    if (this.#early !== undefined) {
      this.ended = Promise.resolve(128 + constants.signals[this.#early]);
      return;
    }
    const launcher = new URL("dev-launcher.js", import.meta.url).href;
    const file = await made.write(this.#folder);
    const child = spawnWithLifeline(
      process.execPath,
      [...node, "--enable-source-maps", "--import", launcher, file, ...args],
      { stdio: inherited(options), env: { ...process.env, UK_DEV: JSON.stringify(launch) } },
    );
    this.isStopping = false;
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        this.#child = undefined;
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  }

  /** Passes a signal on; the program decides what comes of it. */
  kill(signal: NodeJS.Signals): void {
    if (this.#child === undefined) this.#early = signal;
    else this.#child.kill(signal);
  }

  /** Ends the program, politely first. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.isStopping = true;
    child.kill("SIGTERM");
    const { KILL_AFTER_MS } = await import("@uk/tender");
    const impatience = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(impatience);
  }
}
