import type { Solo5 } from "./solo5.ts";
import { currentTarget } from "./target.ts";

/** A hook that was added; removing it twice is harmless. */
export interface YieldHook {
  remove(): void;
}

interface Hook {
  readonly fn: () => void;
}

/** In the order in which they were added; the same function may be there more than once. */
type Hooks = Set<Hook>;

const hooks = new WeakMap<Solo5, Hooks>();
/** Those that were added where no target was: any program runs them. */
const everywhere: Hooks = new Set();

/**
 * Calls `fn` after each return from the `yield` hypercall, newest hook first. It must not suspend. A
 * hook that throws is removed and its error shown; the run goes on. On a host that only prints the
 * manifest hooks never run. Where several programs are in one process, a hook is that of the program
 * which added it.
 */
export function addYieldHook(fn: () => void): YieldHook {
  const own = hooksOf(currentTarget());
  const hook = { fn };
  own.add(hook);
  return { remove: () => void own.delete(hook) };
}

/** Runs all hooks of the programs on `target`; for the poll. */
export function runYieldHooks(target: Solo5): void {
  for (const own of [hooks.get(target), everywhere]) if (own !== undefined && own.size > 0) runAll(own);
}

function hooksOf(target: Solo5 | undefined): Hooks {
  if (target === undefined) return everywhere;
  const own = hooks.get(target) ?? new Set();
  hooks.set(target, own);
  return own;
}

function runAll(own: Hooks): void {
  for (const hook of [...own].reverse()) {
    try {
      hook.fn();
    } catch (error) {
      own.delete(hook);
      console.error("a yield hook threw and was removed:", error);
    }
  }
}
