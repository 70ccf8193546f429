import { HostOnlyError } from "./errors.ts";
import type { Poll } from "./poll.ts";
import type { Solo5Devices } from "./solo5.ts";

/** What the devices of a running program stand on. */
export interface Machine {
  readonly devices: Solo5Devices;
  readonly poll: Poll;
  /** The devices that were acquired, by kind and name: each is acquired once. */
  readonly acquired: Map<string, unknown>;
}

let current: Machine | undefined;

/** The machine of the running program. */
export function machine(call: string): Machine {
  if (current === undefined) throw new HostOnlyError(call);
  return current;
}

/** Runs `work` as the program of `on`. */
export function withMachine<T>(on: Machine, work: () => T): T {
  current = on;
  try {
    return work();
  } finally {
    current = undefined;
  }
}
