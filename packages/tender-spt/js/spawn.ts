import { type Guest, type GuestOptions, spawnGuest } from "@uk/tender";
import { binaryPath } from "./binary-path.ts";

/**
 * Runs an image for spt. Returns when `solo5-spt` has been started; `exit` tells the rest, what the tender
 * refuses included.
 *
 * @param image - path or `file:` URL
 * @throws {TypeError} an argument has another type, or text that no command line can hold
 * @throws {RangeError} an argument is out of range
 * @throws {TenderError} `NOT_BUILT`: the package was not built
 * @throws the signal's reason: it was aborted before the start
 */
export function spawn(image: string | URL, options: GuestOptions = {}): Guest {
  return spawnGuest({ target: "spt", path: binaryPath() }, image, options);
}
