export { ImageError, type ImageErrorCode, type ImageSource, type ImageSubject } from "@uk/manifest";
export { type Difference, diff } from "./diff.ts";
export type { Finding } from "./finding.ts";
export { format, formatDiff, formatVerification, type ImageInfoJson, toJson } from "./format.ts";
export type { Part } from "./identity.ts";
export { type LinkInput, link } from "./link.ts";
export type { ImageNote, NoteKind } from "./notes.ts";
export { checkStack, type ProgramInfo, STACK_BYTES } from "./program.ts";
export {
  DEFAULT_MEM_BYTES,
  type ImageInfo,
  type ImageSegment,
  type ReadOptions,
  read,
  readEngine,
} from "./read.ts";
export { type Package, SBOM_MAX, type Sbom } from "./sbom.ts";
export { type Check, type Reason, type Verdict, type Verification, verify } from "./verify.ts";
