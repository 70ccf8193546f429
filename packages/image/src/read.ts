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
  PT_LOAD,
  readAbiNote,
  readElf,
  readManifestNote,
  sourceOf,
} from "@uk/manifest/elf";
import { checkSegments, type LoadPlan } from "./check-segments.ts";
import { attempt, type Finding } from "./finding.ts";
import { type Part, readDebugId, readParts } from "./identity.ts";
import { BUILD_ID_NOTE, hexOf, type ImageNote, listNotes, type NoteKind, readBuildId } from "./notes.ts";
import { checkSeal, isProgram, type ProgramInfo, readProgram } from "./program.ts";
import { readSbom, type Sbom } from "./sbom.ts";

/** Guest memory that tenders give unless told otherwise: 512 MiB. ABI section 10.1. */
export const DEFAULT_MEM_BYTES: number = 512 * 1024 * 1024;

export interface ReadOptions {
  /** Guest memory in bytes that the image has to fit into; {@link DEFAULT_MEM_BYTES} if absent. */
  readonly memBytes?: number;
}

/**
 * A PT_LOAD that occupies memory. Addresses are guest-physical; sizes are bytes. Numbers from 2^53 on, which no tender
 * loads, are the nearest ones.
 */
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

/** What an image says about itself, and what is wrong with it. */
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
   * Whether no segment is writable and executable, with content or without. It says what the headers ask for: under
   * upstream's hvt all guest memory is executable (ABI section 3.3).
   */
  readonly writeXorExecute: boolean;
  /** Every note, in the order of the file's headers: 256 at most. */
  readonly notes: readonly ImageNote[];
  /** Its own, in hexadecimal: what `file` and `readelf -n` show as its build id. `undefined` if it has none. */
  readonly id: string | undefined;
  /** Of the base image, 64 hexadecimal digits; `undefined` in images that are not ours. */
  readonly buildId: string | undefined;
  /** Engine and guest of the base image; `undefined` if it does not say. */
  readonly engine: readonly Part[] | undefined;
  /** `undefined` in images that are not ours. */
  readonly program: ProgramInfo | undefined;
  /** The debug id that the program's source map has too, a UUID; `undefined` if it does not say. */
  readonly debugId: string | undefined;
  /** What the program is made of; `undefined` if it does not say. */
  readonly sbom: Sbom | undefined;
  /** The rules that a tender refuses it for: empty if one of that target and version, with that much memory, loads it. */
  readonly refusals: readonly Finding[];
  /** What is wrong with what our linker adds, which is no tender's business: `BAD_PROGRAM`, `DAMAGED`, `BAD_NOTE`. */
  readonly faults: readonly Finding[];
}

/**
 * Reads an image for any target, ours or anybody's. It is refused only where nothing can be said about it: no sound ELF
 * header, program headers, ABI note or manifest note (ABI sections 2.3, 2.5, 3.1). What else breaks a rule of the tenders
 * (ABI section 3.2) is in `refusals`. Stricter than upstream by ABI section 9 #6, #14, #28. The bytes may come from
 * anywhere; nothing is executed, and of an image that is read piece by piece only headers, notes and what our linker made
 * are read.
 *
 * @param image - its bytes, or where they can be read
 * @throws {ImageError} nothing can be said about it
 * @throws {TypeError} an argument is of another type
 * @throws {RangeError} `memBytes` is not a positive safe integer
 */
export function read(image: Uint8Array | ImageSource, options: ReadOptions = {}): ImageInfo {
  const memBytes = memBytesOf("read", options);
  const elf = readElf("image", sourceOf("read", image));
  const abi = readAbiNote(elf);
  const devices = readManifestNote(elf);
  if (abi === undefined) throw withoutAbi(elf, devices);
  if (devices === undefined) throw withoutManifest(elf);
  const plan = checkSegments(elf, memBytes);
  const { kernelEnd, imageEnd, refusals } = plan;
  const { faults, program, buildId } = programOf(elf, plan);
  const segments = segmentsOf(elf);
  const notes = listNotes(elf);
  const partOf = <T>(kind: NoteKind, work: (note: ImageNote) => T | undefined): T | undefined => {
    const note = notes.find((one) => one.kind === kind);
    return note && attempt(faults, kind, () => work(note));
  };
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
    writeXorExecute: isWriteXorExecute(elf),
    notes,
    id: partOf("image id", ({ contentOffset, size }) =>
      size > ID_MAX ? undefined : hexOf(elf.read(contentOffset, size)),
    ),
    buildId: buildId && hexOf(buildId),
    engine: partOf("engine", (note) => readParts(elf, note)),
    program,
    debugId: partOf("debug id", (note) => readDebugId(elf, note)),
    sbom: partOf("sbom", (note) => readSbom(elf, note)),
    refusals,
    faults,
  };
}

/** Longest build id that is shown. */
const ID_MAX = 64;

export function isWriteXorExecute({ headers }: ElfFile): boolean {
  return headers.every(
    ({ type, memsz, flags }) =>
      type !== PT_LOAD || memsz === 0n || (flags & PF_W) === 0 || (flags & PF_X) === 0,
  );
}

/** What our linker added; nothing in an image that is not ours. */
export interface OurParts {
  readonly buildId: Uint8Array | undefined;
  readonly program: ProgramInfo | undefined;
  readonly faults: Finding[];
}

export function programOf(elf: ElfFile, { last, refusals }: LoadPlan): OurParts {
  const faults: Finding[] = [];
  const fault = (message: string) => faults.push({ code: "BAD_PROGRAM", rule: "program", message });
  const buildId = attempt(faults, "build id", () => readBuildId(elf));
  const linked = last !== undefined && isProgram(elf, last);
  let program: ProgramInfo | undefined;
  if (linked && buildId !== undefined) {
    program = attempt(faults, "program", () => readProgram(elf, last, buildId));
  } else if (linked && faults.length === 0) {
    fault("it has a program but no build id");
  } else if (buildId !== undefined && refusals.length === 0) {
    fault("it has a build id of ours but no program");
  }
  if (program !== undefined) {
    const sealed = program;
    attempt(faults, "checksum", () => checkSeal(elf, sealed));
  }
  return { buildId, program, faults };
}

export function memBytesOf(call: string, options: ReadOptions): number {
  checkObject(`${call}: the options`, options);
  const { memBytes = DEFAULT_MEM_BYTES } = options;
  if (typeof memBytes !== "number") {
    throw new TypeError(`${call}: memBytes must be a number, not ${typeof memBytes}`);
  }
  if (!Number.isSafeInteger(memBytes) || memBytes <= 0) {
    throw new RangeError(`${call}: memBytes ${memBytes} is not a positive integer`);
  }
  return memBytes;
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

/**
 * What a base image, or one that was linked, is made of, engine and guest; nothing if it does not say.
 *
 * @throws {ImageError} it is no ELF file for x86_64
 * @throws {TypeError} `image` is none
 */
export function readEngine(image: Uint8Array | ImageSource): readonly Part[] {
  const elf = readElf("image", sourceOf("readEngine", image));
  const note = listNotes(elf).find(({ kind }) => kind === "engine");
  return note === undefined ? [] : readParts(elf, note);
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
