export { formatImageInfo, type ImageInfoJson, imageInfoToJson } from "./format-image-info.ts";
export { ImageError, type ImageErrorCode, type ImageSubject } from "./image-error.ts";
export type { ImageSource } from "./image-source.ts";
export { type LinkInput, linkImage } from "./link-image.ts";
export { checkStack, type ProgramInfo, STACK_BYTES } from "./program.ts";
export {
  DEFAULT_MEM_BYTES,
  type ImageInfo,
  type ImageSegment,
  type ReadImageOptions,
  readImage,
} from "./read-image.ts";
