import { currentTarget } from "./target.ts";

/** Nanoseconds since an arbitrary moment, never going back; 0 where only the manifest is asked for. */
export function clockMonotonic(): bigint {
  return currentTarget()?.clockMonotonic() ?? 0n;
}

/** Nanoseconds since the Unix epoch, UTC; 0 where only the manifest is asked for. */
export function clockWall(): bigint {
  return currentTarget()?.clockWall() ?? 0n;
}
