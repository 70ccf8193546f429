import type { ElfFile } from "@uk/manifest/elf";
import { sha256 } from "#sha256";
import { hexOf, type ImageNote } from "./notes.ts";
import { printable } from "./printable.ts";
import type { Sha256 } from "./sha256.ts";

/** Bytes of an image's id: as many as tools of the host show. */
export const IMAGE_ID_SIZE = 20;

/** Bytes that are read at once. */
const PIECE = 1 << 20;

/**
 * The id of an image: the first bytes of SHA-256 of its file up to the checksum, the id itself as zeros. So it is of all
 * that is loaded and of all notes.
 *
 * @param at - where the id lies in the file
 * @param end - where the checksum begins
 */
export function imageId(
  read: (offset: number, length: number) => Uint8Array,
  at: number,
  end: number,
): Uint8Array {
  const hash = sha256();
  pieces(hash, read, 0, at);
  hash.update(new Uint8Array(IMAGE_ID_SIZE));
  pieces(hash, read, at + IMAGE_ID_SIZE, end);
  return Uint8Array.from(hash.digest().subarray(0, IMAGE_ID_SIZE));
}

function pieces(
  hash: Sha256,
  read: (offset: number, length: number) => Uint8Array,
  from: number,
  to: number,
) {
  for (let at = from; at < to; at += PIECE) hash.update(read(at, Math.min(PIECE, to - at)));
}

/** A UUID as it is written; `undefined` if the note does not hold one. */
export function readDebugId(elf: ElfFile, { contentOffset, size }: ImageNote): string | undefined {
  if (size !== 16) return undefined;
  return hexOf(elf.read(contentOffset, size)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * The bytes of a UUID.
 *
 * @throws {RangeError} `text` is none
 */
export function debugIdBytes(call: string, text: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) {
    throw new RangeError(`${call}: debugId must be a UUID in lower case`);
  }
  return Uint8Array.from(text.replaceAll("-", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** What a base image is made of. */
export interface Part {
  readonly name: string;
  readonly version: string;
}

/** Engine and guest of a base image: `quickjs-ng` and `@uk/runtime`; of a longer note, what its first KiB says. */
export function readParts(elf: ElfFile, { contentOffset, size }: ImageNote): readonly Part[] {
  const text = String.fromCharCode(...elf.read(contentOffset, Math.min(size, 1024)));
  return text
    .split("\n")
    .filter((line) => line.includes(" "))
    .map((line) => {
      const [name = "", version = ""] = line.split(" ");
      return { name: printable(name), version: printable(version) };
    });
}
