import { type Abi, createManifest, type Manifest, type NoteDevice } from "@uk/manifest";
import {
  checkObject,
  type ElfFile,
  findNote,
  ImageError,
  type ImageSource,
  PF_R,
  PF_W,
  PF_X,
  type ProgramHeader,
  PT_LOAD,
  readAbiNote,
  readElf,
  readManifestNote,
  sourceOf,
} from "@uk/manifest/elf";
import { checkSegments } from "./check-segments.ts";
import { BUILD_ID_NOTE, hexOf, readBuildId } from "./notes.ts";
import { checkSeal, isProgram, type ProgramInfo, readProgram } from "./program.ts";

/** Guest memory that tenders give unless told otherwise: 512 MiB. ABI section 10.1. */
export const DEFAULT_MEM_BYTES: number = 512 * 1024 * 1024;

export interface ReadOptions {
  /** Guest memory in bytes that the image has to fit into; {@link DEFAULT_MEM_BYTES} if absent. */
  readonly memBytes?: number;
}

/** A PT_LOAD that occupies memory. Addresses are guest-physical; sizes are bytes. */
export interface ImageSegment {
  readonly vaddr: number;
  readonly memsz: number;
  /** 0 for a bss of its own, as upstream's images have it. */
  readonly filesz: number;
  /** Where the content lies in the file; 0 if there is none. */
  readonly offset: number;
  /** Three letters or hyphens: `"R-X"`. */
  readonly flags: string;
}

/** What an image says about itself. */
export interface ImageInfo {
  readonly abi: Abi;
  readonly manifest: Manifest;
  /** The devices of the manifest, with the handles that the guest knows them by. */
  readonly devices: readonly NoteDevice[];
  /** Guest address of the first instruction. */
  readonly entry: number;
  /** In the order of the file. */
  readonly segments: readonly ImageSegment[];
  /** What tenders hand to the guest as `kernel_end`: without a bss of its own (ABI section 3.2). */
  readonly kernelEnd: number;
  /** End of the highest segment, every bss included: the least memory that the image needs. */
  readonly imageEnd: number;
  /** Bytes: the file, what is loaded from it, and what that is in memory before the heap. */
  readonly sizes: { readonly file: number; readonly loaded: number; readonly memory: number };
  /**
   * Whether no segment is writable and executable. Segments with content never are (such an image is refused); one
   * without could. It says what the headers ask for: under upstream's hvt all guest memory is executable (ABI section 3.3).
   */
  readonly writeXorExecute: boolean;
  /** Of the base image, 64 hexadecimal digits; `undefined` in images that are not ours. */
  readonly buildId: string | undefined;
  /** `undefined` in images that are not ours. */
  readonly program: ProgramInfo | undefined;
}

/**
 * Reads an image, ours or upstream's, by the rules of the tenders (ABI sections 2.3, 2.5, 3.1, 3.2). What it accepts, a
 * tender for that target and version with that much memory loads, and what it refuses a tender refuses, but for what only
 * our linker adds: `BAD_PROGRAM`, `DAMAGED`. Stricter than upstream by ABI section 9 #6, #14, #28. The bytes may come from
 * anywhere; nothing is executed, and of an image that is read piece by piece only headers, notes and what our linker made
 * are read.
 *
 * @param image - its bytes, or where they can be read
 * @throws {ImageError} the first rule that the image breaks
 * @throws {TypeError} an argument is of another type
 * @throws {RangeError} `memBytes` is not a positive safe integer
 */
export function read(image: Uint8Array | ImageSource, options: ReadOptions = {}): ImageInfo {
  const memBytes = memBytesOf(options);
  const source = sourceOf("read", image);
  const elf = readElf("image", source);
  const abi = readAbiNote(elf);
  const devices = readManifestNote(elf);
  if (abi === undefined) throw withoutAbi(elf, devices);
  if (devices === undefined) throw withoutManifest(elf);
  const { loaded, kernelEnd, imageEnd } = checkSegments(elf, memBytes);
  const buildId = readBuildId(elf);
  const program = programOf(elf, loaded.at(-1), buildId);
  const segments = segmentsOf(elf);
  return {
    abi,
    manifest: createManifest(devices.map(({ name, type }) => ({ name, type }))),
    devices,
    entry: Number(elf.entry),
    segments,
    kernelEnd,
    imageEnd,
    sizes: {
      file: elf.size,
      loaded: segments.reduce((sum, { filesz }) => sum + filesz, 0),
      memory: segments.reduce((sum, { memsz }) => sum + memsz, 0),
    },
    writeXorExecute: segments.every(({ flags }) => !(flags.includes("W") && flags.includes("X"))),
    buildId: buildId && hexOf(buildId),
    program,
  };
}

function memBytesOf(options: ReadOptions): number {
  checkObject("read: the options", options);
  const { memBytes = DEFAULT_MEM_BYTES } = options;
  if (typeof memBytes !== "number") {
    throw new TypeError(`read: memBytes must be a number, not ${typeof memBytes}`);
  }
  if (!Number.isSafeInteger(memBytes) || memBytes <= 0) {
    throw new RangeError(`read: memBytes ${memBytes} is not a positive integer`);
  }
  return memBytes;
}

/** What our linker added, or `undefined` in an image that is not ours. */
function programOf(
  elf: ElfFile,
  last: ProgramHeader | undefined,
  buildId: Uint8Array | undefined,
): ProgramInfo | undefined {
  const linked = last !== undefined && isProgram(elf, last);
  if (!linked && buildId === undefined) return undefined;
  if (!linked) throw new ImageError(elf.subject, "BAD_PROGRAM", "it has a build id of ours but no program");
  if (buildId === undefined)
    throw new ImageError(elf.subject, "BAD_PROGRAM", "it has a program but no build id");
  const program = readProgram(elf, last, buildId);
  checkSeal(elf, program);
  return program;
}

function segmentsOf(elf: ElfFile): ImageSegment[] {
  return elf.headers
    .filter(({ type, memsz }) => type === PT_LOAD && memsz > 0n)
    .map(({ vaddr, memsz, filesz, offset, flags }) => ({
      vaddr: Number(vaddr),
      memsz: Number(memsz),
      filesz: Number(filesz),
      offset: filesz === 0n ? 0 : Number(offset),
      flags: `${flags & PF_R ? "R" : "-"}${flags & PF_W ? "W" : "-"}${flags & PF_X ? "X" : "-"}`,
    }));
}

function withoutAbi(elf: ElfFile, devices: readonly NoteDevice[] | undefined): ImageError {
  return devices === undefined
    ? new ImageError(elf.subject, "LINUX_EXECUTABLE", "no Solo5 notes: an ordinary executable of the host")
    : new ImageError(elf.subject, "NO_ABI", "no ABI note: nothing says which tender the image is for");
}

function withoutManifest(elf: ElfFile): ImageError {
  const hint =
    findNote(elf, BUILD_ID_NOTE) === undefined
      ? ""
      : ": a base image, which has to be linked with a program first";
  return new ImageError(elf.subject, "NO_MANIFEST", `no manifest note${hint}`);
}
