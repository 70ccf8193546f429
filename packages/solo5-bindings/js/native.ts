import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { BindingsError, type BindingsErrorCode } from "./errors.ts";

/** The addon; `src/` is the other side. A device is a number that no other device ever has. */
export interface Native {
  /** `mac` is a tender's word, or empty. */
  openNet(name: string, mac: string): OpenNet | Refused;
  openBlock(path: string, blockSize: string, readOnly: boolean, shared: boolean): OpenBlock | Refused;
  openAll(names: string[], types: string[], options: string[], cmdline: string): OpenAll | Refused;
  closeDevice(device: number): void;
  clockWall(): bigint;

  // These answer a count, or a negative code: -errno, or one of `Code`. They never throw, whatever they are given.
  readFrame(device: number | undefined, into: Uint8Array): number;
  writeFrame(device: number | undefined, frame: Uint8Array): number;
  readBlock(device: number | undefined, offset: bigint, into: Uint8Array): number;
  writeBlock(device: number | undefined, offset: bigint, from: Uint8Array): number;
  readBlocks(device: number, offset: bigint, into: Uint8Array): number;
  writeBlocks(device: number, offset: bigint, from: Uint8Array): number;
  /** Lets `poller` say `token` once `device` is readable; a new token replaces the one before. */
  arm(poller: number, device: number, token: number): number;

  readBlocksLater(device: number, offset: bigint, length: number): Promise<Uint8Array | number> | number;
  writeBlocksLater(device: number, offset: bigint, from: Uint8Array): Promise<number> | number;
  /** A thread that calls `ready` from the loop; its number. */
  startPoller(ready: (tokens: number[]) => void): number;
  keepAlive(poller: number, alive: boolean): void;
}

export interface OpenNet {
  readonly device: number;
  readonly handle: number;
  readonly mac: readonly number[];
  readonly mtu: number;
}

export interface OpenBlock {
  readonly device: number;
  readonly handle: number;
  readonly capacity: bigint;
  readonly blockSize: number;
  readonly readOnly: boolean;
  readonly locked: boolean;
}

export interface OpenAll {
  readonly net: readonly OpenNet[];
  readonly block: readonly OpenBlock[];
  readonly warnings: readonly string[];
}

export interface Refused {
  readonly code: BindingsErrorCode;
  readonly message: string;
}

/** Answers of calls beyond the host's errors; `src/code.rs` has the same. */
export const Code = { notOpen: -5000, notBytes: -5001, range: -5002, defect: -5003, gone: -5004 } as const;

/** Nothing there now. */
export const NOT_NOW: number = -constants.errno.EAGAIN;
/** No room in a queue of the host. */
export const NO_BUFFERS: number = -constants.errno.ENOBUFS;

const FILE = "solo5-bindings.linux-x64-gnu.node";
const PACKAGE = "@uk/solo5-bindings-linux-x64-gnu";

let loaded: Native | undefined;

/**
 * The addon: that of a build in this folder, else that of the package for this platform.
 *
 * @throws {BindingsError} `UNSUPPORTED`, `NOT_BUILT` or `LOAD`
 */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  const { platform, arch } = process;
  const fail = (code: BindingsErrorCode, why: string, cause?: unknown): never => {
    throw new BindingsError("@uk/solo5-bindings", code, why, cause === undefined ? {} : { cause });
  };
  if (platform !== "linux" || arch !== "x64")
    fail("UNSUPPORTED", `there is no addon for ${platform} on ${arch}, only for linux on x64 with glibc`);
  const local = fileURLToPath(new URL(`../dist/${FILE}`, import.meta.url));
  const from = existsSync(local) ? local : PACKAGE;
  try {
    return createRequire(import.meta.url)(from) as Native;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND")
      return fail("LOAD", `${from} cannot be loaded: ${(cause as Error).message}`, cause);
    return fail(
      "NOT_BUILT",
      `the addon is missing: install ${PACKAGE}, an optional dependency of this package, or run \`npm run build -w @uk/solo5-bindings\``,
      cause,
    );
  }
}

/** What was opened. @throws {BindingsError} it was refused */
export function opened<T extends object>(call: string, outcome: T | Refused): T {
  if ("code" in outcome) throw new BindingsError(call, outcome.code, outcome.message);
  return outcome;
}
