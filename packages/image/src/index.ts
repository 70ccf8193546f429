export { ImageError, type ImageErrorCode, type ImageSource, type ImageSubject } from "@uk/manifest";
export { format, type ImageInfoJson, toJson } from "./format.ts";
export { type LinkInput, link } from "./link.ts";
export { checkStack, type ProgramInfo, STACK_BYTES } from "./program.ts";
export {
  DEFAULT_MEM_BYTES,
  type ImageInfo,
  type ImageSegment,
  type ReadOptions,
  read,
} from "./read.ts";
