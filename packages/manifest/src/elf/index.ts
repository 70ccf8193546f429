// What reads ELF files by the rules of tenders, for whoever reads more of an image than its notes, as @uk/image does.
export {
  ELF_HEADER_SIZE,
  type ElfFile,
  hex,
  LOAD_MIN,
  PAGE_SIZE,
  PF_R,
  PF_W,
  PF_X,
  PROGRAM_HEADER_SIZE,
  type ProgramHeader,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  readElf,
  roundUp,
  viewOf,
  writeProgramHeader,
} from "./elf.ts";
export { ImageError, type ImageErrorCode, type ImageSubject } from "./image-error.ts";
export { checkObject, type ImageSource, sourceOf } from "./image-source.ts";
export {
  ABI_NOTE,
  type FoundNote,
  findNote,
  MANIFEST_NOTE,
  NOTE_NAME_AT,
  type NoteName,
  readAbiNote,
  readManifestNote,
} from "./notes.ts";
