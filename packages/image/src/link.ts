import { encodeNote, type Manifest } from "@uk/manifest";
import {
  ABI_NOTE,
  checkObject,
  ELF_HEADER_SIZE,
  type ElfFile,
  findNote,
  hex,
  ImageError,
  type ImageErrorCode,
  MANIFEST_NOTE,
  type NoteName,
  PAGE_SIZE,
  PF_R,
  PF_X,
  PROGRAM_HEADER_SIZE,
  type ProgramHeader,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  readAbiNote,
  readElf,
  roundUp,
  sourceOf,
  writeProgramHeader,
} from "@uk/manifest/elf";
import { checkSegments } from "./check-segments.ts";
import { debugIdBytes, IMAGE_ID_SIZE, imageId } from "./identity.ts";
import {
  ascii,
  BUILD_ID_NOTE,
  BUILD_ID_SIZE,
  DEBUG_ID_NOTE,
  ENGINE_NOTE,
  encode,
  hexOf,
  IMAGE_ID_NOTE,
  NOT_OPENBSD_NOTE,
  readBuildId,
  SBOM_NOTE,
} from "./notes.ts";
import {
  CHECKSUM_SIZE,
  checkStack,
  isProgram,
  NOTE_AT,
  programSize,
  STACK_BYTES,
  sealImage,
  writeProgram,
} from "./program.ts";
import { SBOM_MAX, sbomBytes } from "./sbom.ts";

/** What `link` joins. */
export interface LinkInput {
  /** The base image of a target: an ELF file with the engine, without manifest and program. */
  readonly base: Uint8Array;
  readonly manifest: Manifest;
  readonly program: {
    /** 32 bytes: the build id of the base images that the bytecode was compiled for. */
    readonly buildId: Uint8Array;
    /** At least one byte. */
    readonly bytecode: Uint8Array;
  };
  /**
   * Bytes of memory for the engine's stack: a multiple of 4096 from 256 KiB to 1 GiB; 8 MiB if absent. The heap
   * begins behind it, so a guest needs as much memory more; pages that are never used cost nothing.
   */
  readonly stack?: number;
  /** The debug id of the program's source map (ECMA-426): a UUID in lower case. */
  readonly debugId?: string;
  /** What the program is made of: a CycloneDX document as JSON text; at most 4 MiB with all but ASCII escaped. */
  readonly sbom?: string;
}

/** ABI section 2.6: what makes a host that is asked to execute the image refuse. */
const INTERPRETER = ascii("/nonexistent/solo5/\0");

/** Above this, no user process of x86_64 has memory; a base image says nothing about memory otherwise. */
const ADDRESS_MAX = 2 ** 47;

type NewHeader = Omit<ProgramHeader, "index">;

/**
 * Links a base image, a manifest and a program into an image for the base's target. The base's loaded bytes stay as
 * they are, at their offsets; section headers and all else that is not loaded are left out. One read-only segment is
 * added behind the base's last byte of memory, with manifest and bytecode; in front of it in the file, and in nobody's
 * memory, are the notes that say what the image is (ABI section 2.6). Same input, same bytes.
 *
 * @throws {ImageError} `base` is not a base image, or `program` was compiled for another
 * @throws {ManifestError} `manifest` is not valid
 * @throws {TypeError} the input is of another type
 * @throws {RangeError} `buildId` has not 32 bytes, or `bytecode` none; `stack` is no size of a stack; `debugId` is no
 *   UUID; `sbom` is too long
 */
export function link(input: LinkInput): Uint8Array {
  checkObject("link: the input", input);
  const { base, manifest, program, stack = STACK_BYTES.default, debugId, sbom } = input;
  checkObject("link: program", program);
  for (const [name, bytes] of Object.entries({
    base,
    buildId: program.buildId,
    bytecode: program.bytecode,
  })) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`link: ${name} must be a Uint8Array`);
  }
  if (program.buildId.length !== BUILD_ID_SIZE) {
    throw new RangeError(`link: a build id has ${BUILD_ID_SIZE} bytes, this has ${program.buildId.length}`);
  }
  if (program.bytecode.length === 0) throw new RangeError("link: the bytecode is empty");
  checkStack("link", stack);
  const idNote = encode(IMAGE_ID_NOTE, new Uint8Array(IMAGE_ID_SIZE));
  const extra = [
    idNote,
    ...(debugId === undefined ? [] : [encode(DEBUG_ID_NOTE, debugIdBytes("link", debugId))]),
    ...(sbom === undefined ? [] : [encode(SBOM_NOTE, checkedSbom(sbom))]),
  ];
  const manifestNote = encodeNote(manifest);
  const elf = readElf("base image", sourceOf("link", base));
  const parts = readBase(elf);
  if (hexOf(parts.buildId) !== hexOf(program.buildId)) {
    const why = `the bytecode was compiled for build id ${hexOf(program.buildId)} but this one has build id ${hexOf(parts.buildId)}: rebuild with matching packages`;
    throw refusal(elf, "BUILD_ID_MISMATCH", why);
  }
  const kept = [parts.interpreter, ...parts.loads, ...parts.notes];
  const notesAt = roundUp(Math.max(...kept.map(fileEnd)), 4);
  const offset = roundUp(notesAt + extra.reduce((sum, { length }) => sum + length, 0), PAGE_SIZE);
  const vaddr = roundUp(parts.imageEnd, PAGE_SIZE);
  const size = programSize(manifestNote.length, program.bytecode.length);
  const extraHeaders = extra.map((note, index) => {
    const at = notesAt + extra.slice(0, index).reduce((sum, { length }) => sum + length, 0);
    return { ...readOnly(PT_NOTE, at, 0, note.length, 4), memsz: 0n };
  });
  const headers: NewHeader[] = [
    parts.interpreter,
    ...parts.loads,
    readOnly(PT_LOAD, offset, vaddr, size, PAGE_SIZE),
    ...parts.notes,
    readOnly(PT_NOTE, offset + NOTE_AT, vaddr + NOTE_AT, manifestNote.length, 4),
    ...extraHeaders,
  ];
  const tableEnd = ELF_HEADER_SIZE + headers.length * PROGRAM_HEADER_SIZE;
  const firstByte = Math.min(
    ...kept.filter(({ filesz }) => filesz > 0n).map((header) => Number(header.offset)),
  );
  if (firstByte < tableEnd) {
    const why = `its content begins at byte ${firstByte} of the file, the new headers need ${tableEnd} bytes`;
    throw refusal(elf, "NO_ROOM_FOR_HEADERS", why);
  }
  const image = new Uint8Array(offset + size);
  for (const header of kept) copyContent(base, header, image);
  for (const [index, note] of extra.entries()) image.set(note, Number(extraHeaders[index]?.offset));
  writeProgram(image.subarray(offset), program.buildId, manifestNote, program.bytecode, stack);
  writeHeaders(base, headers, image);
  const idAt = notesAt + idNote.length - IMAGE_ID_SIZE;
  const read = (from: number, length: number) => image.subarray(from, from + length);
  image.set(imageId(read, idAt, image.length - CHECKSUM_SIZE), idAt);
  sealImage(image);
  return image;
}

/** The bytes of a bill of materials. */
function checkedSbom(sbom: string): Uint8Array {
  if (typeof sbom !== "string") throw new TypeError("link: sbom must be JSON text");
  const bytes = sbomBytes(sbom);
  if (bytes.length <= SBOM_MAX) return bytes;
  throw new RangeError(`link: sbom has ${bytes.length} bytes, at most ${SBOM_MAX} fit`);
}

interface BaseParts {
  readonly interpreter: ProgramHeader;
  readonly loads: readonly ProgramHeader[];
  /** not_openbsd first, then ABI and build id, and who the engine is if it says. */
  readonly notes: readonly ProgramHeader[];
  readonly buildId: Uint8Array;
  readonly imageEnd: number;
}

/** Checks that this is a base image and takes what is kept of it. */
function readBase(elf: ElfFile): BaseParts {
  const notABase = (why: string) => refusal(elf, "NOT_A_BASE_IMAGE", why);
  const { loaded, imageEnd, refusals } = checkSegments(elf, ADDRESS_MAX);
  for (const { code, message } of refusals) throw refusal(elf, code, message);
  if (loaded.some((header) => isProgram(elf, header))) {
    throw refusal(elf, "ALREADY_LINKED", "it holds a program already: link from the base image itself");
  }
  if (readAbiNote(elf) === undefined) throw notABase("it has no ABI note");
  const buildId = readBuildId(elf);
  if (buildId === undefined) throw notABase("it has no build id note, so it is none of ours");
  if (findNote(elf, MANIFEST_NOTE) !== undefined) throw notABase("it has a manifest of its own");
  const entrySegment = loaded.find(({ vaddr, memsz }) => vaddr <= elf.entry && elf.entry < vaddr + memsz);
  if (entrySegment === undefined || (entrySegment.flags & PF_X) === 0) {
    throw notABase(`the entry point ${hex(elf.entry)} is not in an executable segment`);
  }
  const loads = elf.headers.filter(({ type, memsz }) => type === PT_LOAD && memsz > 0n);
  checkLoads(elf, loads);
  return {
    interpreter: interpreterOf(elf),
    loads,
    notes: [
      aloneInItsHeader(elf, NOT_OPENBSD_NOTE, "not_openbsd"),
      aloneInItsHeader(elf, ABI_NOTE, "ABI"),
      aloneInItsHeader(elf, BUILD_ID_NOTE, "build id"),
      ...(findNote(elf, ENGINE_NOTE) === undefined ? [] : [aloneInItsHeader(elf, ENGINE_NOTE, "engine")]),
    ],
    buildId,
    imageEnd,
  };
}

/** What the linker needs beyond the loader's rules: pages that map, and one order in memory and file. */
function checkLoads(elf: ElfFile, loads: readonly ProgramHeader[]): void {
  const page = BigInt(PAGE_SIZE);
  let memoryEnd = 0n;
  let contentEnd = 0n;
  for (const { index, vaddr, memsz, offset, filesz, align } of loads) {
    const segment = `segment ${index} at ${hex(vaddr)}`;
    const refuse = (why: string) => refusal(elf, "NOT_A_BASE_IMAGE", `${segment} ${why}`);
    if (align !== page) throw refuse(`is aligned to ${hex(align)}, expected ${hex(page)}`);
    if (vaddr < memoryEnd) throw refuse("begins before the one in front of it ends");
    memoryEnd = vaddr + memsz;
    if (filesz === 0n) continue;
    if (vaddr % page !== offset % page)
      throw refuse(`lies at ${hex(offset)} of the file: it cannot be mapped`);
    if (offset < contentEnd) throw refuse("shares bytes of the file with another");
    contentEnd = offset + filesz;
  }
}

function interpreterOf(elf: ElfFile): ProgramHeader {
  const [header, ...others] = elf.headers.filter(({ type }) => type === PT_INTERP);
  if (header === undefined || others.length > 0) {
    throw refusal(elf, "NOT_A_BASE_IMAGE", "it does not have exactly one PT_INTERP");
  }
  if (header.offset + header.filesz > elf.size) {
    throw refusal(elf, "TRUNCATED", "the file ends before the content of its PT_INTERP");
  }
  const path = elf.read(header.offset, header.filesz < INTERPRETER.length ? 0 : INTERPRETER.length);
  if (INTERPRETER.some((byte, i) => path[i] !== byte)) {
    throw refusal(
      elf,
      "NOT_A_BASE_IMAGE",
      "its PT_INTERP is not /nonexistent/solo5/, so a host might execute it",
    );
  }
  return header;
}

/** The header of a note that nothing else shares it with: readers look at the first note only (ABI section 2.1). */
function aloneInItsHeader(elf: ElfFile, kind: NoteName, name: string): ProgramHeader {
  const note = findNote(elf, kind);
  if (note === undefined) throw refusal(elf, "NOT_A_BASE_IMAGE", `it has no ${name} note`);
  const size = 12 + roundUp(kind.owner.length, 4) + roundUp(note.descriptorSize, 4);
  if (note.header.filesz !== BigInt(size) || note.bytes.length < size) {
    const why = `the PT_NOTE of its ${name} note has ${note.header.filesz} bytes, the note ${size}`;
    throw refusal(elf, "NOT_A_BASE_IMAGE", why);
  }
  return note.header;
}

function readOnly(type: number, offset: number, vaddr: number, size: number, align: number): NewHeader {
  const [at, bytes] = [BigInt(vaddr), BigInt(size)];
  return {
    type,
    flags: PF_R,
    offset: BigInt(offset),
    vaddr: at,
    paddr: at,
    filesz: bytes,
    memsz: bytes,
    align: BigInt(align),
  };
}

function fileEnd({ offset, filesz }: ProgramHeader): number {
  return filesz === 0n ? 0 : Number(offset + filesz);
}

function copyContent(from: Uint8Array, header: ProgramHeader, to: Uint8Array): void {
  if (header.filesz === 0n) return;
  const at = Number(header.offset);
  to.set(from.subarray(at, at + Number(header.filesz)), at);
}

function writeHeaders(base: Uint8Array, headers: readonly NewHeader[], image: Uint8Array): void {
  image.set(base.subarray(0, ELF_HEADER_SIZE));
  const view = new DataView(image.buffer);
  view.setBigUint64(32, BigInt(ELF_HEADER_SIZE), true); // e_phoff
  view.setBigUint64(40, 0n, true); // e_shoff
  view.setUint16(56, headers.length, true); // e_phnum
  view.setUint16(58, 0, true); // e_shentsize
  view.setUint16(60, 0, true); // e_shnum
  view.setUint16(62, 0, true); // e_shstrndx
  for (const [index, header] of headers.entries()) {
    writeProgramHeader(view, ELF_HEADER_SIZE + index * PROGRAM_HEADER_SIZE, header);
  }
}

function refusal(elf: ElfFile, code: ImageErrorCode, why: string): ImageError {
  return new ImageError(elf.subject, code, why);
}
