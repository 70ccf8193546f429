import { isBytes } from "./device-calls.ts";

/** Stable codes of this package's errors. */
export type Solo5ErrorCode = "DEVICE" | "HOST_ONLY" | "AGAIN" | "EINVAL" | "EUNSPEC";

/** A device of the list cannot be had; the message names it. `run` rejects with it. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
  readonly code: Solo5ErrorCode = "DEVICE";
  /** Name of the device, as in the manifest. */
  readonly device: string;

  constructor(kind: "net" | "block", device: string, why: string) {
    super(`${kind} device "${device}": ${why}`);
    this.device = device;
  }
}

/** Why a device is missing although the program declares it. */
export const NOT_ATTACHED = "the tender attached no such device";

/** The call needs a running unikernel, but nothing runs: the program was only asked for its manifest. */
export class HostOnlyError extends Error {
  override readonly name = "HostOnlyError";
  readonly code: Solo5ErrorCode = "HOST_ONLY";

  constructor(call: string) {
    super(`${call}: no program runs here: build an image with \`uk build\` and start it with \`uk run\``);
  }
}

const RESULTS = ["OK", "AGAIN", "EINVAL", "EUNSPEC"] as const;

/** A device refused a call of `solo5.h`, although it was well formed: the host could not do it. */
export class Solo5Error extends Error {
  override readonly name = "Solo5Error";
  readonly code: Solo5ErrorCode;
  /** The function of `solo5.h`, e.g. `block_read`. */
  readonly call: string;

  /** @param result - the negative of a `SOLO5_R_*` code */
  constructor(call: string, result: number, why: string) {
    const code = RESULTS[-result];
    const known = code === undefined || code === "OK" ? "EUNSPEC" : code;
    super(`${call}: ${known}: ${why}`);
    this.code = known;
    this.call = call;
  }
}

/** What is thrown when a caller gives something else where bytes belong, or bytes that cannot be read into. */
export function notBytes(call: string, given: unknown): TypeError {
  const what = isBytes(given) ? "of memory that is not immutable" : "a Uint8Array";
  return new TypeError(`${call}: the buffer must be ${what}`);
}
