import { type Guest, type GuestOptions, spawnGuest } from "@uk/tender";
import { binaryPath } from "./binary-path.ts";

/** How a virtual machine is run. */
export interface HvtOptions extends GuestOptions {
  /** `false`: all frames go through hypercalls, none through shared memory. */
  readonly netRing?: boolean;
  /** Folder for `core.solo5-hvt.PID`, which a guest leaves that aborts or is killed by its tender. */
  readonly dumpcore?: string;
  /** Waits for a debugger on this port of this host; 0 takes any, and a line of the tender says which. */
  readonly gdbPort?: number;
}

/**
 * Runs an image for hvt. Returns when `solo5-hvt` has been started; `exit` tells the rest, what the tender
 * refuses and what this host lacks for it included.
 *
 * @param image - path or `file:` URL
 * @throws {TypeError} an argument has another type, or text that no command line can hold
 * @throws {RangeError} an argument is out of range
 * @throws {TenderError} `NOT_BUILT`: the package was not built
 * @throws the signal's reason: it was aborted before the start
 */
export function spawn(image: string | URL, options: HvtOptions = {}): Guest {
  // What is no object, `spawnGuest` refuses.
  const { netRing, dumpcore, gdbPort } = options ?? {};
  if (netRing !== undefined && typeof netRing !== "boolean")
    throw new TypeError("netRing: it is not a boolean");
  if (dumpcore !== undefined && typeof dumpcore !== "string")
    throw new TypeError("dumpcore: it is not a string");
  if (gdbPort !== undefined && typeof gdbPort !== "number")
    throw new TypeError("gdbPort: it is not a number");
  const own = {
    "--no-net-ring": netRing === false,
    "--dumpcore": dumpcore,
    "--gdb": gdbPort !== undefined,
    "--gdb-port": gdbPort,
  };
  return spawnGuest({ target: "hvt", path: binaryPath(), own }, image, options);
}
