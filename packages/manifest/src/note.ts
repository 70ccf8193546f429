import { ABI_TYPE, type Abi, type AbiDeclaration, decodeAbi, encodeAbi } from "./abi-note.ts";
import type { Manifest } from "./manifest.ts";
import { decodeManifest, encodeManifest } from "./manifest-note.ts";
import type { NoteKind } from "./note-error.ts";
import { checkBytes, isNoteOf } from "./note-head.ts";

/**
 * A manifest, or an ABI, as the ELF note that tenders read: the whole note, for a PT_NOTE of its own. Place that of a
 * manifest at an address that is a multiple of 8. ABI sections 2.1 to 2.4.
 *
 * @throws {ManifestError} the manifest is not valid
 * @throws {TypeError} a member of the ABI is of another type
 * @throws {RangeError} the ABI's target is none, or its version not an unsigned 32-bit integer
 */
export function encodeNote(document: Manifest | AbiDeclaration): Uint8Array {
  return document?.type === ABI_TYPE ? encodeAbi(document) : encodeManifest(document);
}

/**
 * Reads a note of one kind, or of either where `kind` is left out, by the rules N4 to N10 of ABI section 2.5 and those of
 * ABI section 2.3, in their order, and refuses a manifest that no image can use. Bytes behind the descriptor are allowed.
 *
 * @param note - from its first byte on
 * @throws {NoteError}
 * @throws {TypeError} `note` is no Uint8Array
 */
export function decodeNote(note: Uint8Array, kind: "MFT1"): Manifest;
export function decodeNote(note: Uint8Array, kind: "ABI1"): Abi;
export function decodeNote(note: Uint8Array, kind?: NoteKind): Manifest | Abi;
export function decodeNote(note: Uint8Array, kind?: NoteKind): Manifest | Abi {
  checkBytes("decodeNote", note);
  const isAbi = kind === undefined ? isNoteOf("ABI1", note) : kind === "ABI1";
  return isAbi ? decodeAbi(note) : decodeManifest(note);
}
