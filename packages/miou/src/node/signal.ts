import { CancelledError } from "../errors.ts";
import { running } from "../op.ts";
import { run } from "../run.ts";
import { report } from "../trace.ts";
import type { Operation } from "../types.ts";
import { atEnd } from "./scope.ts";

/** What to do when a signal arrives: an operation, Node's default, or nothing. */
export type SignalBehavior = (() => Operation<void>) | "default" | "ignore";

/** What {@link onSignal} gives back: disposing of it restores the previous behaviour. */
export interface SignalHandling {
  [Symbol.dispose](): void;
}

type Listener = (...words: unknown[]) => void;

/** The behaviours of one signal: the newest that has not been disposed of is in force. */
interface Stack {
  /** Listeners that were there before the first of ours. */
  readonly before: readonly Listener[];
  readonly entries: (Listener | undefined)[];
}

const stacks = new Map<NodeJS.Signals, Stack>();

/** Installs the newest behaviour, or what was there before any. */
function install(name: NodeJS.Signals, stack: Stack): void {
  globalThis.process.removeAllListeners(name);
  const listeners = stack.entries.length === 0 ? stack.before : stack.entries.slice(-1);
  for (const listener of listeners) if (listener !== undefined) globalThis.process.on(name, listener);
  if (stack.entries.length === 0) stacks.delete(name);
}

/**
 * Sets the behaviour of a signal, until the returned object is disposed of or the run ends: then the previous one is
 * back, listeners of others included, which do not see the signal meanwhile. Never suspends.
 *
 * Each delivery runs the handler as a system task: in a tree of its own, without a parent, beside the tasks of the run
 * and those of other deliveries. It may suspend, complete computations and use mutexes and conditions. It is cancelled
 * when the root of the run has settled, and the run ends after it. What it throws, and the rules that it breaks, are
 * reported; the run goes on. A handler keeps a waiting run alive: it may be what wakes it.
 *
 * @throws {OutsideTaskError} there is no running task
 * @throws {TypeError} the behaviour is something else, or the system has no such signal, or does not let it be caught
 */
export function onSignal(name: NodeJS.Signals, behavior: SignalBehavior): SignalHandling {
  const { scheduler } = running("onSignal");
  if (typeof behavior !== "function" && behavior !== "default" && behavior !== "ignore")
    throw new TypeError('onSignal: the behaviour is neither an operation nor "default" nor "ignore"');
  let listener: Listener | undefined;
  if (behavior === "ignore") listener = () => {};
  if (typeof behavior === "function") {
    const { cleanupTimeout, closers } = scheduler;
    const limits = cleanupTimeout === undefined ? {} : { cleanupTimeoutNs: cleanupTimeout * 1e6 };
    listener = () => {
      if (scheduler.done) return;
      const controller = new AbortController();
      const end = run(behavior, { ...limits, signal: controller.signal }).catch((error: unknown) => {
        if (!controller.signal.aborted || !(error instanceof CancelledError)) report(undefined, error);
      });
      const close = (): Promise<void> => {
        controller.abort();
        return end;
      };
      closers.add(close);
      void end.then(() => closers.delete(close));
    };
  }
  const own = listener;
  const before = globalThis.process.rawListeners(name) as Listener[];
  const stack = stacks.get(name) ?? { before, entries: [] };
  stack.entries.push(own);
  try {
    stacks.set(name, stack);
    install(name, stack);
  } catch (error) {
    stack.entries.pop();
    install(name, stack);
    throw new TypeError(`onSignal: ${name} cannot be caught`, { cause: error });
  }
  // Nothing else may keep the host's loop alive until the signal comes.
  const alive = setInterval(() => {}, 2 ** 31 - 1);
  let over = false;
  const dispose = (): void => {
    if (over) return;
    over = true;
    clearInterval(alive);
    forget();
    stack.entries.splice(stack.entries.lastIndexOf(own), 1);
    install(name, stack);
  };
  const forget = atEnd(scheduler.root, dispose);
  return { [Symbol.dispose]: dispose };
}
