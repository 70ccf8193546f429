/** Stable codes of this package's errors. */
export type Solo5ErrorCode = "DEVICE" | "HOST_ONLY";

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

/** The call needs a running unikernel, but nothing runs: the program was only asked for its manifest. */
export class HostOnlyError extends Error {
  override readonly name = "HostOnlyError";
  readonly code: Solo5ErrorCode = "HOST_ONLY";

  constructor(call: string) {
    super(`${call}: there is no machine here: build an image with \`uk build\` and start it with \`uk run\``);
  }
}
