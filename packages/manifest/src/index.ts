export {
  ABI_TARGET_NUMBERS,
  ABI_TYPE,
  ABI_VERSIONS,
  type Abi,
  type AbiDeclaration,
  type AbiTarget,
  abiTargetName,
  isTarget,
  TARGETS,
  type Target,
} from "./abi-note.ts";
export {
  block,
  type CheckedDevice,
  type CheckedDevices,
  type CheckedName,
  createManifest,
  type Device,
  net,
} from "./create-manifest.ts";
export { ImageError, type ImageErrorCode, type ImageSubject } from "./elf/image-error.ts";
export type { ImageSource } from "./elf/image-source.ts";
export { readAbi, readDevices, readManifest } from "./elf/read-notes.ts";
export { ISSUES_MAX } from "./issue-list.ts";
export { jsonSchema } from "./json-schema.ts";
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
export {
  ManifestError,
  type ManifestErrorCode,
  type ManifestIssue,
  type Segments,
} from "./manifest-error.ts";
export { decodeDevices, type NoteDevice } from "./manifest-note.ts";
export { decodeNote, encodeNote } from "./note.ts";
export { NoteError, type NoteErrorCode, type NoteKind } from "./note-error.ts";
export { parse } from "./parse.ts";
export { format, print } from "./print.ts";
export {
  type JsonSchemaOptions,
  type ManifestInput,
  type ManifestResult,
  type ManifestSchema,
  manifestSchema,
} from "./standard-schema.ts";
export { toC } from "./to-c.ts";
export { validate } from "./validate.ts";
