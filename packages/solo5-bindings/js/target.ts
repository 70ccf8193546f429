/** The target `node`: what a Solo5 program runs on in Node, with the real devices of the host. For launchers. */
import type { AcquiredBlock, AcquiredNet, Solo5, Solo5Devices } from "@uk/miou-solo5";
import { AGAIN, EINVAL, EUNSPEC, isRoom } from "@uk/miou-solo5/device-calls";
import { BindingsError } from "./errors.ts";
import { Code, type Native, NOT_NOW, native, type OpenAll, opened } from "./native.ts";
import { checkOptions } from "./options.ts";
import { readiness } from "./readiness.ts";

/** What {@link openTarget} is told. */
export interface TargetOptions {
  /**
   * Words of a tender: `--net:NAME=IFACE`, `--net-mac:NAME=MAC`, `--block:NAME=PATH`, `--block-sector-size:NAME=N`,
   * `--block-lock:NAME=shared`.
   */
  readonly options: readonly string[];
  /** The devices that the program declares; a device's handle is its place here, from 1. */
  readonly manifest: { readonly devices: readonly { readonly name: string; readonly type: string }[] };
  /** Arguments of the program, joined with spaces: at most 8191 bytes. */
  readonly cmdline: string;
}

/** A target whose devices are open until it is closed. */
export interface NodeTarget extends Solo5 {
  readonly target: "node";
  readonly devices: Solo5Devices;
  /** Lines that a user should see, e.g. that a block device is read-only. */
  readonly warnings: readonly string[];
  watch(handles: bigint, ready: (set: bigint) => void): void;
  /** Closes all devices: from now on every call on them is EINVAL, and what is being watched is called ready. */
  close(): void;
  [Symbol.dispose](): void;
}

/** What a call of the addon means in `solo5.h`, as on spt. */
function result(code: number): number {
  if (code >= 0) return code;
  if (code === NOT_NOW) return AGAIN;
  const refused = code === Code.notOpen || code === Code.notBytes || code === Code.range;
  return refused ? EINVAL : EUNSPEC;
}

/** Leading words of a command line that are the bindings' own (ABI section 7.4). */
const BINDINGS_WORDS = /^[ \t\n\v\f\r]*(?:--solo5:(?:quiet|error|warn|info|debug)(?:[ \t\n\v\f\r]+|$))*/;

/** The devices that are open, by handle and by name. */
class NodeDevices implements Solo5Devices {
  readonly #native: Native = native();
  /** The addon's number of each device, by handle. */
  readonly #net = new Map<number, number>();
  readonly #block = new Map<number, number>();
  readonly #nets = new Map<string, AcquiredNet>();
  readonly #blocks = new Map<string, AcquiredBlock>();

  constructor(names: readonly string[], { net, block }: OpenAll) {
    for (const { device, handle, mac, mtu } of net) {
      this.#net.set(handle, device);
      this.#nets.set(names[handle - 1] ?? "", { handle, mac: Uint8Array.from(mac), mtu });
    }
    for (const { device, handle, capacity, blockSize } of block) {
      this.#block.set(handle, device);
      this.#blocks.set(names[handle - 1] ?? "", { handle, capacity, blockSize });
    }
  }

  netAcquire(name: string): AcquiredNet | undefined {
    const found = this.#nets.get(name);
    return found && { ...found, mac: found.mac.slice() };
  }

  netRead(handle: number, into: Uint8Array): number {
    return isRoom(into) ? result(this.#native.readFrame(this.#net.get(handle), into)) : EINVAL;
  }

  netWrite(handle: number, frame: Uint8Array): number {
    return result(this.#native.writeFrame(this.#net.get(handle), frame));
  }

  blockAcquire(name: string): AcquiredBlock | undefined {
    const found = this.#blocks.get(name);
    return found && { ...found };
  }

  blockRead(handle: number, offset: bigint, into: Uint8Array): number {
    return isRoom(into) ? result(this.#native.readBlock(this.#block.get(handle), offset, into)) : EINVAL;
  }

  blockWrite(handle: number, offset: bigint, from: Uint8Array): number {
    return result(this.#native.writeBlock(this.#block.get(handle), offset, from));
  }

  /** The addon's number of a network device that is open. */
  net(handle: number): number | undefined {
    return this.#net.get(handle);
  }

  close(): void {
    for (const device of [...this.#net.values(), ...this.#block.values()]) this.#native.closeDevice(device);
    for (const map of [this.#net, this.#block, this.#nets, this.#blocks]) map.clear();
  }
}

class Target implements NodeTarget {
  readonly target = "node";
  readonly cmdline: string;
  readonly warnings: readonly string[];
  readonly #native: Native = native();
  readonly #devices: NodeDevices;
  /** Handles of the network devices, also when they are closed. */
  readonly #handles: readonly number[];
  /** Waits that are on, by handle. */
  readonly #tokens = new Map<number, number>();
  #watched = 0n;
  #ready: ((set: bigint) => void) | undefined;
  /** What was found readable and not told yet. */
  #found = 0n;

  constructor(names: readonly string[], all: OpenAll, cmdline: string) {
    this.#devices = new NodeDevices(names, all);
    this.#handles = all.net.map(({ handle }) => handle);
    this.cmdline = cmdline;
    this.warnings = all.warnings;
  }

  get devices(): Solo5Devices {
    return this.#devices;
  }

  clockMonotonic(): bigint {
    return process.hrtime.bigint();
  }

  clockWall(): bigint {
    return this.#native.clockWall();
  }

  watch(handles: bigint, ready: (set: bigint) => void): void {
    this.#watched = handles;
    this.#ready = ready;
    for (const handle of this.#handles) {
      if ((handles & bit(handle)) === 0n) this.#stop(handle);
      else if (!this.#tokens.has(handle)) this.#start(handle);
    }
  }

  close(): void {
    this.#devices.close();
    for (const handle of [...this.#tokens.keys()]) {
      this.#stop(handle);
      this.#start(handle);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #start(handle: number): void {
    const device = this.#devices.net(handle);
    // A program that waits for a frame shall learn that none will come: its read is EINVAL.
    if (device === undefined) {
      this.#find(handle);
      return;
    }
    const wake = (): void => {
      this.#tokens.delete(handle);
      this.#find(handle);
    };
    try {
      this.#tokens.set(handle, readiness().wait(device, `device ${handle}`, wake));
    } catch (error) {
      if (!(error instanceof BindingsError)) throw error;
      // Whoever reads it is told.
      this.#find(handle);
    }
  }

  #stop(handle: number): void {
    const token = this.#tokens.get(handle);
    if (token === undefined) return;
    this.#tokens.delete(handle);
    readiness().cancel(token);
  }

  /** What becomes readable at the same time is told at once. */
  #find(handle: number): void {
    if (this.#found === 0n) queueMicrotask(() => this.#tell());
    this.#found |= bit(handle);
  }

  #tell(): void {
    const set = this.#found & this.#watched;
    this.#found = 0n;
    if (set === 0n) return;
    const ready = this.#ready;
    this.#watched = 0n;
    this.#ready = undefined;
    for (const handle of this.#tokens.keys()) this.#stop(handle);
    ready?.(set);
  }
}

function bit(handle: number): bigint {
  return 1n << BigInt(handle);
}

/**
 * Attaches the devices of a program as a tender would: the same words are accepted, and what is refused is refused
 * with the same words, in `error.why`. `--mem` is checked and has no effect. A descriptor that is given as `@FD` stays
 * the caller's.
 *
 * @throws {TypeError} an argument is of another type
 * @throws {BindingsError} an option is refused, or a device is not attached; nothing stays open
 */
export function openTarget(how: TargetOptions): NodeTarget {
  checkOptions("openTarget", how);
  const { options, manifest, cmdline } = how;
  if (!Array.isArray(manifest?.devices) || !Array.isArray(options))
    throw new TypeError("openTarget: options and manifest.devices are arrays");
  for (const device of manifest.devices)
    if (typeof device !== "object" || device === null)
      throw new TypeError("openTarget: a device is an object with name and type");
  const names = manifest.devices.map(({ name }) => name);
  const types = manifest.devices.map(({ type }) => type);
  for (const text of [...names, ...types, ...options, cmdline])
    if (typeof text !== "string")
      throw new TypeError("openTarget: options, names, types and cmdline are strings");
  const all = opened("openTarget", native().openAll(names, types, [...options], cmdline));
  return new Target(names, all, cmdline.replace(BINDINGS_WORDS, ""));
}
