import { type Device, declarationOf } from "./device.ts";

/** Most devices that a manifest can hold (ABI section 1.2). */
const MAX_DEVICES = 63;
const TYPES = { net: "NET_BASIC", block: "BLOCK_BASIC" } as const;

/** A device as the manifest lists it. */
export interface ManifestDevice {
  readonly name: string;
  readonly type: (typeof TYPES)[keyof typeof TYPES];
}

/**
 * The devices of a list in declaration order, depth first, each name once among the devices of a type.
 *
 * @throws {TypeError} an entry is not a device
 * @throws {RangeError} more than 63 devices
 */
export function collectDevices(devices: readonly Device<unknown>[]): ManifestDevice[] {
  const found = new Map<string, ManifestDevice>();
  const visit = (device: Device<unknown>): void => {
    const what = declarationOf(device);
    if (what.kind === "map") what.devices.forEach(visit);
    if (what.kind !== "net" && what.kind !== "block") return;
    const { name } = what;
    const type = TYPES[what.kind];
    found.set(`${type} ${name}`, { name, type });
  };
  devices.forEach(visit);
  if (found.size > MAX_DEVICES)
    throw new RangeError(`run: ${found.size} devices are declared, a manifest holds at most ${MAX_DEVICES}`);
  return [...found.values()];
}

/** The manifest as one line of JSON, in the members' customary order; no newline. */
export function manifestLine(devices: readonly Device<unknown>[]): string {
  return JSON.stringify({ type: "solo5.manifest", version: 1, devices: collectDevices(devices) });
}
