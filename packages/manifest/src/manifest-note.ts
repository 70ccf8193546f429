import { createManifest } from "./create-manifest.ts";
import {
  DEVICE_TYPE_NUMBERS,
  DEVICES_MAX,
  type DeviceDeclaration,
  type DeviceType,
  type Manifest,
} from "./manifest.ts";
import { ManifestError } from "./manifest-error.ts";
import { NoteError, type NoteErrorCode } from "./note-error.ts";
import { checkBytes, NOTE_HEAD_SIZE, newNote, readNoteHead, viewOf } from "./note-head.ts";
import { quote } from "./quote.ts";
import { validate } from "./validate.ts";

/** The structure starts 8-aligned relative to the note; the padding before it counts in the size. ABI section 2.2. */
const PADDING = 4;
const STRUCT_AT = NOTE_HEAD_SIZE + PADDING;
const ENTRIES_AT = STRUCT_AT + 8;
const ENTRY_SIZE = 104;
const NAME_SIZE = 68;
const TYPE_AT = 68;
const ATTACHED_AT = 96;
const VERSION = 1;
const ENTRIES_MAX = DEVICES_MAX + 1;
const RESERVED_FIRST = 0x40000000;

/**
 * The manifest as the ELF note that tenders read: head, padding, structure; 136 bytes and 104 more a device.
 * Properties, back ends and `attached` are zero, as they must be in a file. ABI sections 2.1, 2.2.
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { devices } = validate(manifest);
  const entries = devices.length + 1;
  const { bytes, view } = newNote("MFT1", PADDING + 8 + ENTRY_SIZE * entries);
  view.setUint32(STRUCT_AT, VERSION, true);
  view.setUint32(STRUCT_AT + 4, entries, true);
  view.setUint32(ENTRIES_AT + TYPE_AT, RESERVED_FIRST, true);
  for (const [index, { name, type }] of devices.entries()) {
    const at = ENTRIES_AT + ENTRY_SIZE * (index + 1);
    for (let i = 0; i < name.length; i++) bytes[at + i] = name.charCodeAt(i);
    view.setUint32(at + TYPE_AT, DEVICE_TYPE_NUMBERS[type], true);
  }
  return bytes;
}

/** A device as a note lists it. */
export interface NoteDevice extends DeviceDeclaration {
  /** Index of its entry, 1 to 63: the number that the guest knows it by. */
  readonly handle: number;
}

/**
 * Reads a manifest note, applying ABI section 2.5, N4-N10, and ABI section 2.3 in their order. Then it refuses what no
 * image can use, since no tender could ever attach it: unknown types, names outside `[A-Za-z0-9]`, and repeated names of one
 * type (ABI section 9 #13, #28). As upstream does, it ignores properties, back ends, padding, what follows a name's NUL,
 * bytes after the descriptor, and entries of reserved types, which nobody has to attach: behind one of those, a device's
 * handle is not its place in the manifest, and {@link decodeDevices} tells it.
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return manifestOfEntries(readEntries(bytes));
}

/**
 * The devices in a manifest note, in the order of their handles.
 *
 * @param bytes - the note from its first byte on
 * @throws {NoteError} as `decodeNote`
 * @throws {TypeError} `bytes` is no Uint8Array
 */
export function decodeDevices(bytes: Uint8Array): readonly NoteDevice[] {
  checkBytes("decodeDevices", bytes);
  const devices = readEntries(bytes);
  manifestOfEntries(devices);
  return devices;
}

function readEntries(bytes: Uint8Array): NoteDevice[] {
  const view = viewOf(bytes);
  const size = readNoteHead("MFT1", bytes, view) - PADDING;
  if (size < 8) throw fault("BAD_DESCRIPTOR_SIZE", `the structure has ${size} bytes, at least 8 are needed`);
  const version = view.getUint32(STRUCT_AT, true);
  if (version !== VERSION)
    throw fault("UNSUPPORTED_VERSION", `expected version ${VERSION}, found ${version}`);
  const entries = view.getUint32(STRUCT_AT + 4, true);
  if (entries > ENTRIES_MAX)
    throw fault("BAD_ENTRY_COUNT", `at most ${ENTRIES_MAX} entries, found ${entries}`);
  if (size !== 8 + ENTRY_SIZE * entries) {
    throw fault(
      "BAD_DESCRIPTOR_SIZE",
      `${entries} entries need ${8 + ENTRY_SIZE * entries} bytes, found ${size}`,
    );
  }
  if (entries < 1) throw fault("BAD_ENTRY_COUNT", "entry 0 is missing");
  if (view.getUint32(ENTRIES_AT + TYPE_AT, true) !== RESERVED_FIRST || bytes[ENTRIES_AT] !== 0) {
    throw fault("BAD_RESERVED_ENTRY", "entry 0 must be nameless and of the reserved type");
  }
  for (let entry = 0; entry < entries; entry++) {
    const at = ENTRIES_AT + ENTRY_SIZE * entry;
    if (bytes[at + NAME_SIZE - 1] !== 0)
      throw fault("NAME_NOT_TERMINATED", `entry ${entry}: no NUL ends the name`);
    if (bytes[at + ATTACHED_AT] !== 0)
      throw fault("ALREADY_ATTACHED", `entry ${entry} is marked as attached`);
  }
  const devices: NoteDevice[] = [];
  for (let entry = 1; entry < entries; entry++) {
    const at = ENTRIES_AT + ENTRY_SIZE * entry;
    const number = view.getUint32(at + TYPE_AT, true);
    if (number >= RESERVED_FIRST) continue;
    const name = String.fromCharCode(...bytes.subarray(at, bytes.indexOf(0, at)));
    const type = deviceTypeOf(number);
    if (type === undefined) {
      throw fault("UNKNOWN_DEVICE_TYPE", `entry ${entry} ${quote(name)}: type ${number}, known are 1 and 2`);
    }
    devices.push({ handle: entry, name, type });
  }
  return devices;
}

function deviceTypeOf(number: number): DeviceType | undefined {
  if (number === DEVICE_TYPE_NUMBERS.NET_BASIC) return "NET_BASIC";
  if (number === DEVICE_TYPE_NUMBERS.BLOCK_BASIC) return "BLOCK_BASIC";
  return undefined;
}

/** The rules of the document hold for the note as well; only names can still break them here. */
function manifestOfEntries(devices: readonly NoteDevice[]): Manifest {
  try {
    return createManifest(devices.map(({ name, type }) => ({ name, type })));
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const code = error.code === "DUPLICATE_NAME" ? "DUPLICATE_NAME" : "BAD_NAME";
    const why = `${error.path}: expected ${error.expected}, found ${error.found}`;
    throw new NoteError("MFT1", code, why, { cause: error });
  }
}

function fault(code: NoteErrorCode, why: string): NoteError {
  return new NoteError("MFT1", code, why);
}
