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

/** Programs that run in a host's loop on `current`. */
let programs = 0;

/**
 * The machine of a program in a host's loop: that of the programs which run on the same devices already, or else what
 * `make` makes.
 */
export function enterMachine(devices: Solo5Devices, make: () => Machine): Machine {
  if (current?.devices !== devices) {
    current = make();
    programs = 0;
  }
  programs++;
  return current;
}

/** Ends what {@link enterMachine} began. */
export function leaveMachine(on: Machine): void {
  if (current === on && --programs === 0) current = undefined;
}
