/** A hook that was added; removing it twice is harmless. */
export interface YieldHook {
  remove(): void;
}

/** In the order in which they were added; the same function may be there more than once. */
const hooks = new Set<{ readonly fn: () => void }>();

/**
 * Calls `fn` after each return from the `yield` hypercall, newest hook first. It must not suspend. A
 * hook that throws is removed and its error shown; the run goes on. On a host that only prints the
 * manifest hooks never run.
 */
export function addYieldHook(fn: () => void): YieldHook {
  const hook = { fn };
  hooks.add(hook);
  return { remove: () => void hooks.delete(hook) };
}

/** Runs all hooks; for the poll. */
export function runYieldHooks(): void {
  for (const hook of [...hooks].reverse()) {
    try {
      hook.fn();
    } catch (error) {
      hooks.delete(hook);
      console.error("a yield hook threw and was removed:", error);
    }
  }
}
