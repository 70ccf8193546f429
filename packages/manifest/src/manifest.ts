/** A device that the guest asks its tender for. */
export interface DeviceDeclaration {
  /** 1 to {@link DEVICE_NAME_MAX_BYTES} characters of `[A-Za-z0-9]`, unique among the devices of its type. */
  readonly name: string;
  readonly type: DeviceType;
}

/** The device types there are: an Ethernet interface and a block device. */
export type DeviceType = "NET_BASIC" | "BLOCK_BASIC";

/** What makes {@link Manifest} nominal: no literal has a private member. There is no such class when a program runs. */
declare class Checked {
  private readonly checked: true;
}

/**
 * The devices of one guest, in order: device `n` (from 0) is entry `n + 1` of the note, and that index is the
 * handle which the guest's `acquire` gets back. `JSON.stringify` of it is the manifest document. ABI section 1.2.
 *
 * Only what checks gives one (`parse`, `validate`, `createManifest`, `decodeNote`, `readManifest`): an object literal of
 * this shape, or a changed copy of a manifest, does not have this type.
 */
export interface Manifest extends Checked {
  readonly type: typeof MANIFEST_TYPE;
  readonly version: typeof MANIFEST_VERSION;
  readonly devices: readonly DeviceDeclaration[];
}

/** What `type` says in a manifest document. ABI section 1.2. */
export const MANIFEST_TYPE = "solo5.manifest" as const;

/**
 * A key that a document may have at its root besides: editors look there for a JSON Schema. It is no part of the manifest,
 * and upstream's tool refuses it. ABI section 1.2.
 */
export const SCHEMA_KEY = "$schema" as const;

/** The only version there is, of the document and of the note. ABI sections 1.2, 2.2. */
export const MANIFEST_VERSION = 1 as const;

/** Most devices in a manifest; the note has one entry more, the reserved entry 0. ABI section 1.2. */
export const DEVICES_MAX = 63 as const;

/** Longest device name in bytes, without the NUL that ends it in the note. ABI section 1.2. */
export const DEVICE_NAME_MAX_BYTES = 67 as const;

/** The number of each device type in the note. ABI section 2.2. */
export const DEVICE_TYPE_NUMBERS: Readonly<Record<DeviceType, number>> = Object.freeze({
  BLOCK_BASIC: 1,
  NET_BASIC: 2,
});

/** Whether `text` is a device type by its exact name. */
export function isDeviceType(text: string): text is DeviceType {
  return text === "NET_BASIC" || text === "BLOCK_BASIC";
}

/** Puts checked devices into a manifest whose members have the order of the document. Checks nothing. */
export function manifestOf(devices: readonly DeviceDeclaration[]): Manifest {
  return { type: MANIFEST_TYPE, version: MANIFEST_VERSION, devices } as object as Manifest;
}
