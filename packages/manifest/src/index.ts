export {
  ABI_TARGET_NUMBERS,
  ABI_VERSIONS,
  type AbiNote,
  type AbiTarget,
  abiTargetName,
  decodeAbiNote,
  encodeAbiNote,
  isTarget,
  TARGETS,
  type Target,
} from "./abi-note.ts";
export { generateC } from "./generate-c.ts";
export {
  DEVICE_NAME_MAX_BYTES,
  DEVICE_TYPE_NUMBERS,
  DEVICES_MAX,
  type DeviceDeclaration,
  type DeviceType,
  MANIFEST_TYPE,
  MANIFEST_VERSION,
  type Manifest,
} from "./manifest.ts";
export { ManifestError, type ManifestErrorCode } from "./manifest-error.ts";
export {
  decodeManifestDevices,
  decodeManifestNote,
  encodeManifestNote,
  type NoteDevice,
} from "./manifest-note.ts";
export { NoteError, type NoteErrorCode, type NoteKind } from "./note-error.ts";
export { parseManifest } from "./parse-manifest.ts";
export { formatManifest, printManifest } from "./print-manifest.ts";
export { createManifest, validateManifest } from "./validate-manifest.ts";
