import { type ChildProcess, spawn } from "node:child_process";

/** How long a guest may take to end after SIGTERM, before SIGKILL ends it, in ms. */
export const KILL_AFTER_MS = 2000;

/** What surrounds a tender. */
export interface TenderSurroundings {
  /** Its descriptors, from 0 on, as for `spawn` of `node:child_process`. */
  readonly stdio: readonly ("inherit" | "ignore" | "pipe" | number)[];
  /** Its environment; empty without it: tenders read none. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
}

/**
 * Starts a tender's process with a lifeline: when this thread ends, or its process does, however that happens, the
 * kernel kills the tender, and so the guest. A tender that knows no lifelines, as upstream's, ignores it.
 *
 * @param words - its command line, without its name
 * @throws the host's error, where Node throws it at once
 */
export function startTender(
  path: string,
  words: readonly string[],
  options: TenderSurroundings,
): ChildProcess {
  const { stdio, env, cwd } = options;
  const child = spawn(path, words, {
    // The last one: this process holds the other end, and nobody writes to it.
    stdio: [...stdio, "pipe"],
    env: { ...env, UK_LIFELINE: String(stdio.length) },
    ...(cwd === undefined ? {} : { cwd }),
  });
  // Too many open files leave a child without streams.
  child.stdio?.at(-1)?.on("error", () => undefined);
  return child;
}
