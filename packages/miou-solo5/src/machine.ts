import { HostOnlyError } from "./errors.ts";
import type { Solo5Devices } from "./solo5.ts";
import type { Waits } from "./waits.ts";

/** What the devices of a running program stand on. */
export interface Machine {
  readonly devices: Solo5Devices;
  /** Who waits for the devices, and what moves their blocks. */
  readonly poll: Waits;
  /** The devices that were acquired, by kind and name: each is acquired once. */
  readonly acquired: Map<string, unknown>;
}

let current: Machine | undefined;

/** The machine of the running program. */
export function machine(call: string): Machine {
  if (current === undefined) throw new HostOnlyError(call);
  return current;
}

/** Runs `work`, a step or the whole of the program of `on`. */
export function withMachine<T>(on: Machine | undefined, work: () => T): T {
  const before = current;
  current = on;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Makes `on` the machine of what runs from now on, in a host's loop; the result ends that. */
export function enterMachine(on: Machine): () => void {
  current = on;
  return () => {
    if (current === on) current = undefined;
  };
}
