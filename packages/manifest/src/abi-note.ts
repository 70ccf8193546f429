import { NoteError } from "./note-error.ts";
import { NOTE_HEAD_SIZE, newNote, readNoteHead, viewOf } from "./note-head.ts";
import { quote } from "./quote.ts";

/** What images are built for here, and have a tender. */
export type Target = "hvt" | "spt";

/** Every {@link Target}; that which runs on more machines first. */
export const TARGETS: readonly Target[] = Object.freeze<Target[]>(["spt", "hvt"]);

/** Tells a target's name from other text. */
export function isTarget(name: string): name is Target {
  return (TARGETS as readonly string[]).includes(name);
}

/** A target that Solo5 knows, by the name its tools print. ABI section 1.7. */
export type AbiTarget = Target | "virtio" | "muen" | "genode" | "xen";

/** The number of each target in the ABI note. ABI section 2.4. */
export const ABI_TARGET_NUMBERS: Readonly<Record<AbiTarget, number>> = Object.freeze({
  hvt: 1,
  spt: 2,
  virtio: 3,
  muen: 4,
  genode: 5,
  xen: 6,
});

/** The one ABI version that the tenders of each target accept. ABI sections 2.4, 10.4. */
export const ABI_VERSIONS: Readonly<Record<Target, number>> = Object.freeze({ hvt: 2, spt: 2 });

/** What `type` says in the document of an ABI. ABI section 1.7. */
export const ABI_TYPE = "solo5.abi" as const;

/** What an image is built for, as it is declared. `JSON.stringify` of it is the document of ABI section 1.7. */
export interface AbiDeclaration {
  readonly type: typeof ABI_TYPE;
  readonly target: AbiTarget;
  /** Unsigned 32-bit; see {@link ABI_VERSIONS}. */
  readonly version: number;
}

/** What the ABI note of an image says. */
export interface Abi {
  readonly type: typeof ABI_TYPE;
  /** `"unknown"` for a number without a name. */
  readonly target: AbiTarget | "unknown";
  readonly targetNumber: number;
  /** Unsigned 32-bit; see {@link ABI_VERSIONS}. */
  readonly version: number;
}

const DESCRIPTOR_SIZE = 16;
/** Target and version; tenders ask for no more. */
const DESCRIPTOR_MIN = 8;

/** The ABI note of an image: 36 bytes, reserved words zero. ABI section 2.4. */
export function encodeAbi({ target, version }: AbiDeclaration): Uint8Array {
  if (typeof target !== "string" || typeof version !== "number") {
    throw new TypeError("encodeNote: of an ABI, target must be a string and version a number");
  }
  const number = Object.hasOwn(ABI_TARGET_NUMBERS, target) ? ABI_TARGET_NUMBERS[target] : undefined;
  if (number === undefined) throw new RangeError(`encodeNote: unknown target ${quote(target)}`);
  if (!Number.isInteger(version) || version < 0 || version > 0xffffffff) {
    throw new RangeError(`encodeNote: version ${version} is not an unsigned 32-bit integer`);
  }
  const { bytes, view } = newNote("ABI1", DESCRIPTOR_SIZE);
  view.setUint32(NOTE_HEAD_SIZE, number, true);
  view.setUint32(NOTE_HEAD_SIZE + 4, version, true);
  return bytes;
}

/**
 * Reads an ABI note. The descriptor must have target and version (upstream reads past a shorter one: ABI section 9 #14),
 * thus 8 to 32 bytes; what follows is not checked, nor is the version.
 */
export function decodeAbi(bytes: Uint8Array): Abi {
  const view = viewOf(bytes);
  const size = readNoteHead("ABI1", bytes, view);
  if (size < DESCRIPTOR_MIN) {
    const why = `the descriptor has ${size} bytes, at least ${DESCRIPTOR_MIN} are needed`;
    throw new NoteError("ABI1", "BAD_DESCRIPTOR_SIZE", why);
  }
  const targetNumber = view.getUint32(NOTE_HEAD_SIZE, true);
  const version = view.getUint32(NOTE_HEAD_SIZE + 4, true);
  return { type: ABI_TYPE, target: abiTargetName(targetNumber), targetNumber, version };
}

/** The name of a target's number, `"unknown"` if it has none. ABI section 1.7. */
export function abiTargetName(number: number): AbiTarget | "unknown" {
  for (const target of Object.keys(ABI_TARGET_NUMBERS) as AbiTarget[]) {
    if (ABI_TARGET_NUMBERS[target] === number) return target;
  }
  return "unknown";
}
