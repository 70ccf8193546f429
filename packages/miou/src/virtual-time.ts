import type { Events, RunSyncOptions } from "./run-sync.ts";

/**
 * A clock that jumps to the next deadline instead of waiting, for tests and simulations:
 * `runSync(main, virtualTime())`.
 *
 * @param start - what `now` says first, in milliseconds
 */
export function virtualTime(start = 0): Required<Pick<RunSyncOptions, "events" | "now">> {
  let time = start;
  const events: Events = {
    select({ block, deadline }) {
      if (!block) return undefined;
      if (deadline === undefined) return "exhausted";
      time = Math.max(time, deadline);
      return undefined;
    },
  };
  return { events, now: () => time };
}
