import { getSystemErrorMap } from "node:util";

/**
 * Stable codes of {@link BindingsError}:
 *
 * - `UNSUPPORTED`, `NOT_BUILT`, `LOAD`: there is no addon for this system, it is missing, or it cannot be loaded
 * - `OPTION`, `NOT_DECLARED`, `UNATTACHED`, `MANIFEST`, `CMDLINE`: what `openTarget` was told does not fit
 * - `NAME`, `MAC`, `DESCRIPTOR`, `BLOCK_SIZE`: not the name, address, descriptor or block size of anything
 * - `NOT_FOUND`, `NOT_PERMITTED`, `BUSY`, `DOWN`: no such interface or file, not for this user, somebody else has it,
 *   the interface is down
 * - `KIND`, `CAPACITY`: it is there, and no device of this kind; it is not made of whole blocks
 * - `READ_ONLY`: a write to what was opened for reading
 * - `GONE`: the other end of a network device is closed
 * - `CLOSED`: the device was closed
 * - `IO`: the host failed; `errno` says how
 */
export type BindingsErrorCode =
  | "UNSUPPORTED"
  | "NOT_BUILT"
  | "LOAD"
  | "OPTION"
  | "NOT_DECLARED"
  | "UNATTACHED"
  | "MANIFEST"
  | "CMDLINE"
  | "NAME"
  | "MAC"
  | "DESCRIPTOR"
  | "BLOCK_SIZE"
  | "NOT_FOUND"
  | "NOT_PERMITTED"
  | "BUSY"
  | "DOWN"
  | "KIND"
  | "CAPACITY"
  | "READ_ONLY"
  | "GONE"
  | "CLOSED"
  | "IO";

/** What {@link BindingsError} can be told beyond its text. */
export interface BindingsErrorOptions extends ErrorOptions {
  readonly errno?: string;
}

/** A device cannot be had, or a call on it failed. */
export class BindingsError extends Error {
  override readonly name = "BindingsError";
  readonly code: BindingsErrorCode;
  /** The call, e.g. `tap.write`. */
  readonly call: string;
  /** The message without call and code; of `openTarget`, the words of a tender. */
  readonly why: string;
  /** Name of the host's error, e.g. `ENOSPC`, where the host failed a call. */
  readonly errno: string | undefined;

  constructor(call: string, code: BindingsErrorCode, why: string, options: BindingsErrorOptions = {}) {
    super(`${call}: ${code}: ${why}`, options);
    this.call = call;
    this.code = code;
    this.why = why;
    this.errno = options.errno;
  }
}

/** Linux has no error beyond. */
const LAST_ERRNO = 4095;

/** An error of the host on `device`. */
export function ioError(call: string, device: string, errno: number): BindingsError {
  if (errno > LAST_ERRNO)
    return new BindingsError(
      call,
      "IO",
      `${device}: a defect of @uk/solo5-bindings (${errno}): please report it`,
    );
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
  return new BindingsError(call, "IO", `${device}: ${name}: ${text}`, { errno: name });
}

export function closedError(call: string, device: string): BindingsError {
  return new BindingsError(call, "CLOSED", `${device} is closed`);
}
