import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "@uk/manifest";
import { defineCommand } from "citty";
import { type Bundle, bundle, watchBundle } from "../bundle.ts";
import type { Command } from "../command.ts";
import { type Entry, findEntry } from "../entry.ts";
import { CliError, status } from "../error.ts";
import { inferManifest } from "../infer-manifest.ts";
import { complain } from "../say.ts";
import { inherited, tenderWords } from "../tender-words.ts";
import { writeProgram } from "../write-program.ts";

/** What the launcher in the program's process is told, as JSON in `UK_DEV`. */
export interface Launch {
  readonly options: readonly string[];
  readonly manifest: Manifest;
  readonly args: readonly string[];
  /** A descriptor of which the other end is closed when `uk dev` is gone. */
  readonly lifeline: number;
}

export const dev: Command = {
  command: defineCommand({
    meta: {
      name: "dev",
      description: "Run a program on Node with real devices, again whenever its sources change.",
    },
    args: {
      options: {
        type: "positional",
        description: "Devices as for a tender, Node's --inspect, --no-watch to run it once",
        required: false,
      },
      entry: {
        type: "positional",
        description: "First module of the program, or its folder",
        required: false,
      },
      args: { type: "positional", description: "Arguments of the program", required: false },
    },
    async run({ rawArgs }) {
      const words = parse(rawArgs);
      const folder = await mkdtemp(join(tmpdir(), "uk-"));
      const session = new Session(words, folder);
      try {
        return await (words.watch ? watched(words, session) : runOnce(words, session));
      } finally {
        await session.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  }),
  examples: [
    "uk dev src/hello.ts",
    "uk dev --net:service=tap0 --block:storage=disk.img src/hello.ts --verbose one two",
    "uk dev --inspect-brk --no-watch src/hello.ts",
  ],
  passThrough: true,
};

interface Words {
  readonly entry: Entry;
  readonly watch: boolean;
  /** Options of Node. */
  readonly node: readonly string[];
  /** Options of a tender. */
  readonly options: readonly string[];
  readonly args: readonly string[];
}

function parse(words: readonly string[]): Words {
  const { options, image, args } = tenderWords(words);
  if (image === undefined) throw new CliError("dev: ENTRY is missing; see uk dev --help", status.usage);
  const isNode = (word: string): boolean => /^--inspect(-brk|-wait)?(=|$)/.test(word);
  return {
    entry: findEntry(image),
    watch: !options.includes("--no-watch"),
    node: options.filter(isNode),
    options: options.filter((word) => !isNode(word) && word !== "--no-watch"),
    args,
  };
}

async function runOnce({ entry }: Words, session: Session): Promise<number> {
  for (const signal of SIGNALS) process.on(signal, () => session.kill(signal));
  await session.start(await bundle(entry.path, `${entry.name}.js`, "dev"));
  return session.ended;
}

/** Runs until a signal ends it. */
async function watched({ entry }: Words, session: Session): Promise<number> {
  const signalled = Promise.race(SIGNALS.map((name) => once(process, name)));
  let work = Promise.resolve();
  const dispose = await watchBundle(entry.path, `${entry.name}.js`, (made) => {
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
async function again(session: Session, made: Bundle | CliError): Promise<void> {
  try {
    if (session.isRunning) complain("the program changed: starting it again");
    await session.stop();
    if (made instanceof CliError) throw made;
    await session.start(made);
    if (!session.isRunning) return;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    complain(error.message);
    complain("waiting for a change");
    return;
  }
  void session.ended.then((code) => {
    if (!session.isStopping) complain(`the program ended with status ${code}: waiting for a change`);
  });
}

/** How long a program may take to end when it is told to, in ms. */
const PATIENCE_MS = 2000;

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

  async start(made: Bundle): Promise<void> {
    const { entry, node, options, args } = this.#words;
    const streams = inherited(options);
    const manifest = await inferManifest(entry.path, made);
    const launch: Launch = { options, args, manifest, lifeline: streams.length };
    if (this.#early !== undefined) {
      this.ended = Promise.resolve(128 + constants.signals[this.#early]);
      return;
    }
    const launcher = new URL("dev-launcher.js", import.meta.url).href;
    const file = await writeProgram(this.#folder, made);
    const child = spawn(
      process.execPath,
      [...node, "--enable-source-maps", "--import", launcher, file, ...args],
      { stdio: [...streams, "pipe"], env: { ...process.env, UK_DEV: JSON.stringify(launch) } },
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
    const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    await this.ended;
    clearTimeout(impatience);
  }
}
