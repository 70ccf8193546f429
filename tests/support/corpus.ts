// The images of tests/fixtures/images, which the readers in TypeScript and in Rust read; the format is in the README there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImageSource } from "@uk/image";

/** A file, most of which may be holes. */
export interface SparseImage extends ImageSource {
  /** Later ones lie over earlier ones. */
  readonly pieces: readonly (readonly [at: number, bytes: Uint8Array])[];
}

/** An image, and what every reader makes of it. */
export interface Case {
  readonly why: string;
  /** The line that `verdict` gives. */
  readonly verdict: string;
  /** Guest memory in bytes. */
  readonly memory: number;
  readonly image: SparseImage;
}

/** As many segments are listed in the corpus. */
export const SEGMENTS_LISTED = 8;

/** Guest memory of most of the images. */
export const MEM_MIB = 16;

/** Fuzzers find it as well: they are bundled two folders deep. */
export const FOLDER: string = fileURLToPath(new URL("../../tests/fixtures/images", import.meta.url));

/** All cases of all files. */
export function readCorpus(): Case[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) => parseCases(readFileSync(join(FOLDER, name), "utf8")));
}

/** The cases in a file. */
export function parseCases(text: string): Case[] {
  const cases: Case[] = [];
  for (const part of text.split(/^= /m).slice(1)) {
    const [why = "", ...lines] = part.split("\n");
    let [verdict, memory, size] = ["", MEM_MIB << 20, 0];
    let pieces: (readonly [at: number, bytes: Uint8Array])[] = [];
    for (const line of lines) {
      const [, word = "", rest = ""] = /^(\S*) ?(.*)$/.exec(line) ?? [];
      if (word === "+" || word === "-") verdict = line;
      else if (word === "memory") memory = Number(rest);
      else if (word === "size") size = Number(rest);
      else if (word === "like") {
        const { image } = cases.find((other) => other.why === rest) as Case;
        pieces = [...image.pieces];
        size = image.size;
      } else if (word !== "") pieces.push([Number(word.slice(0, -1)), bytesOf(rest)]);
    }
    cases.push({ why, verdict, memory, image: sparse(size, pieces) });
  }
  return cases;
}

/** Hexadecimal digits, and how often they are repeated, which words of 64 bits growing by how much. */
function bytesOf(text: string): Uint8Array {
  const [digits = "", repetition = "1"] = text.split("*");
  const unit = new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
  const [count, ...steps] = repetition.trim().split(" ");
  const bytes = new Uint8Array(unit.length * Number(count));
  const view = new DataView(unit.buffer);
  for (let at = 0; at < bytes.length; at += unit.length) {
    bytes.set(unit, at);
    for (const step of steps) {
      const [where, more = ""] = step.split("+");
      view.setBigUint64(Number(where), view.getBigUint64(Number(where), true) + BigInt(more), true);
    }
  }
  return bytes;
}

function sparse(size: number, pieces: SparseImage["pieces"]): SparseImage {
  return {
    size,
    pieces,
    read(offset, length) {
      const into = new Uint8Array(length);
      for (const [at, bytes] of pieces) {
        const [from, to] = [Math.max(offset, at), Math.min(offset + length, at + bytes.length, size)];
        if (from < to) into.set(bytes.subarray(from - at, to - at), from - offset);
      }
      return into;
    },
  };
}
