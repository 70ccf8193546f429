import { HostOnlyError } from "./errors.ts";
import type { Solo5Devices } from "./solo5.ts";
import type { Waits } from "./waits.ts";

/** The devices of a running program, and all that it is doing with them. */
export interface Io {
  readonly devices: Solo5Devices;
  /** Who waits for the devices, and what moves their blocks. */
  readonly poll: Waits;
  /** The devices that were acquired, by kind and name: each is acquired once. */
  readonly acquired: Map<string, unknown>;
}

let current: Io | undefined;

/**
 * That of the running program.
 *
 * @throws {HostOnlyError} no program runs
 */
export function currentIo(call: string): Io {
  if (current === undefined) throw new HostOnlyError(call);
  return current;
}

/** Runs `work`, a step or the whole of the program of `io`. */
export function withIo<T>(io: Io | undefined, work: () => T): T {
  const before = current;
  current = io;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Programs that run in a host's loop on `current`. */
let programs = 0;

/**
 * That of a program in a host's loop: that of the programs which run on the same devices already, or else what `make`
 * makes.
 */
export function enterIo(devices: Solo5Devices, make: () => Io): Io {
  if (current?.devices !== devices) {
    current = make();
    programs = 0;
  }
  programs++;
  return current;
}

/** Ends what {@link enterIo} began. */
export function leaveIo(io: Io): void {
  if (current === io && --programs === 0) current = undefined;
}
