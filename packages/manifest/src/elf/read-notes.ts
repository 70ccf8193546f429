import type { Abi } from "../abi-note.ts";
import { createManifest } from "../create-manifest.ts";
import type { Manifest } from "../manifest.ts";
import type { NoteDevice } from "../manifest-note.ts";
import { type ElfFile, readElf } from "./elf.ts";
import { ImageError } from "./image-error.ts";
import { type ImageSource, sourceOf } from "./image-source.ts";
import { readAbiNote, readManifestNote } from "./notes.ts";

/**
 * The manifest in an image for whichever target, by the rules of ABI section 2.5 and those of `decodeNote`; of the image,
 * its ELF header, program headers and notes are read.
 *
 * @throws {ImageError} it is no image, its note is damaged (`cause` is the {@link NoteError}), or it has none: `NO_MANIFEST`
 * @throws {TypeError} `image` is none
 */
export function readManifest(image: Uint8Array | ImageSource): Manifest {
  return createManifest(readDevices(image).map(({ name, type }) => ({ name, type })));
}

/**
 * The devices in the manifest of an image, with the handles that the guest knows them by.
 *
 * @throws as {@link readManifest}
 */
export function readDevices(image: Uint8Array | ImageSource): readonly NoteDevice[] {
  const elf = readElf("image", sourceOf("readDevices", image));
  return readManifestNote(elf) ?? fail(elf, "NO_MANIFEST", "no manifest note");
}

/**
 * What an image is built for.
 *
 * @throws {ImageError} it is no image, its note is damaged (`cause` is the {@link NoteError}), or it has none: `NO_ABI`
 * @throws {TypeError} `image` is none
 */
export function readAbi(image: Uint8Array | ImageSource): Abi {
  const elf = readElf("image", sourceOf("readAbi", image));
  return readAbiNote(elf) ?? fail(elf, "NO_ABI", "no ABI note: nothing says which tender the image is for");
}

function fail(elf: ElfFile, code: "NO_ABI" | "NO_MANIFEST", why: string): never {
  throw new ImageError(elf.subject, code, why);
}
