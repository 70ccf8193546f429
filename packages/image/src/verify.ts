import { ABI_VERSIONS, type Abi, type NoteDevice, TARGETS, type Target } from "@uk/manifest";
import {
  ABI_NOTE,
  type ElfFile,
  findNote,
  ImageError,
  type ImageErrorCode,
  type ImageSource,
  MANIFEST_NOTE,
  PT_INTERP,
  PT_NOTE,
  readAbiNote,
  readElf,
  readManifestNote,
  sourceOf,
} from "@uk/manifest/elf";
import { checkSegments, type LoadPlan } from "./check-segments.ts";
import { attempt, type Finding, findingOf } from "./finding.ts";
import { IMAGE_ID_SIZE, imageId } from "./identity.ts";
import { hexOf, type ImageNote, listNotes } from "./notes.ts";
import { CHECKSUM_SIZE } from "./program.ts";
import { isWriteXorExecute, memBytesOf, programOf, type ReadOptions } from "./read.ts";

/** Why a tender does not load an image. */
export type Reason = Finding<ImageErrorCode | "WRONG_TARGET" | "WRONG_VERSION">;

/** Whether a tender loads an image. */
export interface Verdict {
  /** Whose tender: upstream's of v0.12.1, or the one of this repository. */
  readonly by: "upstream" | "ours";
  readonly tender: "solo5-hvt" | "solo5-spt";
  readonly target: Target;
  readonly loads: boolean;
  /** Why not; empty if it does. */
  readonly reasons: readonly Reason[];
}

/** Whether something holds that no tender asks for. */
export interface Check {
  readonly name: "W^X" | "notes" | "interpreter" | "program" | "checksum" | "image id";
  /** `undefined` where it does not apply: what our linker adds, in an image that it has not made. */
  readonly holds: boolean | undefined;
  /** Why not. */
  readonly reasons: readonly string[];
}

/** What {@link verify} found. */
export interface Verification {
  /** Both tenders for its target load it, and no check fails. */
  readonly ok: boolean;
  readonly verdicts: readonly Verdict[];
  readonly checks: readonly Check[];
}

/** What upstream adds to the memory of an hvt guest with a network device (ABI section 4.2), and the most there is. */
const RING = 2 << 20;
const HVT_MAX = 2 ** 32;

/** Ours alone says no to devices that could not be attached (ABI sections 2.3, 9 #28). */
const OURS_ALONE: ReadonlySet<string> = new Set(["UNKNOWN_DEVICE_TYPE", "BAD_NAME", "DUPLICATE_NAME"]);

/**
 * Tells which tenders load an image, by ABI sections 2.3, 2.5, 3.1 and 3.2 and where ours differ (ABI section 9 #6, #28),
 * and checks what they do not: that no memory is writable and executable, that notes are where all readers find them, that
 * a host does not execute it, and what our linker adds. Of an image of ours, all is read.
 *
 * @param options - `memBytes` is the guest's memory, what `--mem` asks for
 * @throws {TypeError} an argument is of another type
 * @throws {RangeError} `memBytes` is not a positive safe integer
 */
export function verify(image: Uint8Array | ImageSource, options: ReadOptions = {}): Verification {
  const memBytes = memBytesOf("verify", options);
  const source = sourceOf("verify", image);
  const fatal: Finding[] = [];
  const elf = attempt(fatal, "header", () => readElf("image", source));
  if (elf === undefined) return { ok: false, verdicts: everywhere(fatal), checks: [] };
  const abi = attempt(fatal, "abi", () => readAbiNote(elf) ?? missing(elf, "NO_ABI", "no ABI note"));
  if (abi === undefined) return { ok: false, verdicts: everywhere(fatal), checks: checksOf(elf, memBytes) };
  const devices = devicesOf(elf);
  const verdicts = all((by, target) => reasonsOf(elf, abi, devices, memBytes, by, target));
  const checks = checksOf(elf, memBytes);
  const both = verdicts.filter(({ target }) => target === abi.target);
  const ok =
    both.length > 0 && both.every(({ loads }) => loads) && checks.every(({ holds }) => holds !== false);
  return { ok, verdicts, checks };
}

function missing(elf: ElfFile, code: "NO_ABI" | "NO_MANIFEST", why: string): never {
  throw new ImageError(elf.subject, code, why);
}

/** The devices of the manifest, or what is wrong with it and whether only ours mind. */
type Devices =
  | { readonly devices: readonly NoteDevice[] }
  | { readonly finding: Finding; readonly oursAlone: boolean };

function devicesOf(elf: ElfFile): Devices {
  try {
    return { devices: readManifestNote(elf) ?? missing(elf, "NO_MANIFEST", "no manifest note") };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const { code } = (error.cause ?? {}) as { code?: string };
    return { finding: findingOf(error, "manifest"), oursAlone: code !== undefined && OURS_ALONE.has(code) };
  }
}

function reasonsOf(
  elf: ElfFile,
  abi: Abi,
  devices: Devices,
  memBytes: number,
  by: Verdict["by"],
  target: Target,
): readonly Reason[] {
  if (abi.target !== target) {
    return [{ code: "WRONG_TARGET", rule: "abi", message: `the image is for ${nameOf(abi)}` }];
  }
  if (abi.version !== ABI_VERSIONS[target]) {
    const message = `the image is for version ${abi.version} of ${target}, not ${ABI_VERSIONS[target]}`;
    return [{ code: "WRONG_VERSION", rule: "abi", message }];
  }
  const upstream = by === "upstream";
  const manifest = "finding" in devices && !(upstream && devices.oursAlone) ? [devices.finding] : [];
  const rings = upstream && target === "hvt" && "devices" in devices;
  const withRing = rings && devices.devices.some(({ type }) => type === "NET_BASIC");
  const size = withRing ? Math.max(memBytes, Math.min(memBytes + RING, HVT_MAX)) : memBytes;
  const { refusals } = checkSegments(elf, size);
  return [...manifest, ...refusals.filter(({ rule }) => !(upstream && rule === "bss"))];
}

function nameOf({ target, targetNumber }: Abi): string {
  return target === "unknown" ? `an unknown target (${targetNumber})` : target;
}

function all(reasonsFor: (by: Verdict["by"], target: Target) => readonly Reason[]): Verdict[] {
  return (["upstream", "ours"] as const).flatMap((by) =>
    TARGETS.map((target): Verdict => {
      const reasons = reasonsFor(by, target);
      return { by, tender: `solo5-${target}`, target, loads: reasons.length === 0, reasons };
    }),
  );
}

function everywhere(reasons: readonly Finding[]): Verdict[] {
  return all(() => reasons);
}

function checksOf(elf: ElfFile, memBytes: number): Check[] {
  const notes = listNotes(elf);
  const plan = checkSegments(elf, memBytes);
  return [
    check("W^X", isWriteXorExecute(elf) ? [] : ["a segment is writable and executable"]),
    check("notes", misplaced(elf, notes)),
    check("interpreter", wrongInterpreter(elf)),
    ...ourChecks(elf, plan, notes),
  ];
}

function check(name: Check["name"], reasons: readonly string[]): Check {
  return { name, holds: reasons.length === 0, reasons };
}

/** ABI sections 2.1 and 2.6: alone in their PT_NOTEs, aligned to 4, and that for OpenBSD first. */
function misplaced(elf: ElfFile, notes: readonly ImageNote[]): string[] {
  const wrong: string[] = [];
  if (notes[0]?.kind !== "not_openbsd" || notes[0].header !== firstNoteHeader(elf)) {
    wrong.push("the first PT_NOTE is not not_openbsd");
  }
  for (const kind of [MANIFEST_NOTE, ABI_NOTE]) {
    const name = kind === ABI_NOTE ? "ABI" : "manifest";
    const found = attempt([], name, () => findNote(elf, kind));
    if (found === undefined) {
      wrong.push(`there is no ${name} note that can be read`);
      continue;
    }
    const { index, filesz, align } = found.header;
    const size = 20 + Math.ceil(found.descriptorSize / 4) * 4;
    if (filesz !== BigInt(size)) wrong.push(`the ${name} note has ${size} bytes, its PT_NOTE ${filesz}`);
    if (align !== 4n)
      wrong.push(`the PT_NOTE of the ${name} note, header ${index}, is aligned to ${align}, not 4`);
  }
  return wrong;
}

function firstNoteHeader({ headers }: ElfFile): number | undefined {
  return headers.find(({ type }) => type === PT_NOTE)?.index;
}

const INTERPRETER = "/nonexistent/solo5/\0";

/** ABI section 2.6 */
function wrongInterpreter(elf: ElfFile): string[] {
  const header = elf.headers.find(({ type }) => type === PT_INTERP);
  if (header === undefined) return ["there is no PT_INTERP: a host that is asked to may execute the image"];
  const { offset, filesz } = header;
  const readable = filesz >= INTERPRETER.length && offset + BigInt(INTERPRETER.length) <= BigInt(elf.size);
  const path = readable ? String.fromCharCode(...elf.read(offset, INTERPRETER.length)) : "";
  return path === INTERPRETER ? [] : ["its PT_INTERP is not /nonexistent/solo5/, so a host may execute it"];
}

function ourChecks(elf: ElfFile, plan: LoadPlan, notes: readonly ImageNote[]): Check[] {
  const { buildId, program, faults } = programOf(elf, plan);
  const ours = buildId !== undefined || faults.length > 0;
  const because = (damaged: boolean) =>
    faults.filter(({ code }) => (code === "DAMAGED") === damaged).map(({ message }) => message);
  const own = (name: Check["name"], applies: boolean, reasons: () => string[]): Check =>
    applies ? check(name, reasons()) : { name, holds: undefined, reasons: [] };
  const id = notes.find(({ kind, size }) => kind === "image id" && size === IMAGE_ID_SIZE);
  return [
    own("program", ours, () => because(false)),
    own("checksum", program !== undefined, () => because(true)),
    own("image id", program !== undefined && id !== undefined, () => {
      const { offset = 0, size = 0 } = program ?? {};
      const at = id?.contentOffset ?? 0;
      const end = offset + size - CHECKSUM_SIZE;
      const found = hexOf(elf.read(at, IMAGE_ID_SIZE));
      const expected = at + IMAGE_ID_SIZE <= end ? hexOf(imageId(elf.read, at, end)) : "";
      return found === expected ? [] : [`the image id is ${found}, its content has another`];
    }),
  ];
}
