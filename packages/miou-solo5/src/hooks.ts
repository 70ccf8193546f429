/** A hook that was added; removing it twice is harmless. */
export interface YieldHook {
  remove(): void;
}

const hooks: (() => void)[] = [];

/**
 * Calls `fn` after each return from the `yield` hypercall, newest hook first. It must not suspend. A
 * hook that throws is removed and its error shown; the run goes on. On a host that only prints the
 * manifest hooks never run.
 */
export function addYieldHook(fn: () => void): YieldHook {
  hooks.push(fn);
  return {
    remove() {
      const at = hooks.indexOf(fn);
      if (at >= 0) hooks.splice(at, 1);
    },
  };
}

/** Runs all hooks; for the poll. */
export function runYieldHooks(): void {
  for (const hook of hooks.toReversed()) {
    try {
      hook();
    } catch (error) {
      hooks.splice(hooks.indexOf(hook), 1);
      console.error("a yield hook threw and was removed:", error);
    }
  }
}
