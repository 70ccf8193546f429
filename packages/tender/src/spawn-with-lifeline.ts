import { type ChildProcess, spawn } from "node:child_process";

/** What surrounds a process. */
export interface Surroundings {
  /** Its descriptors, from 0 on, as for `spawn` of `node:child_process`. */
  readonly stdio: readonly ("inherit" | "ignore" | "pipe" | number)[];
  /** Its environment; empty without it: tenders read none. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
}

/**
 * Starts a process with a lifeline, behind its other descriptors: when this thread ends, or its process does, however
 * that happens, the kernel closes the other end. Its number is in the environment as `UK_LIFELINE`. A tender, and so its
 * guest, is killed by the kernel then; one that knows no lifelines, as upstream's, ignores it.
 *
 * @param words - its command line, without its name
 * @throws the host's error, where Node throws it at once
 */
export function spawnWithLifeline(
  path: string,
  words: readonly string[],
  options: Surroundings,
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
