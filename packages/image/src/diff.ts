import { hex, type ImageSource, sourceOf } from "@uk/manifest/elf";
import type { ImageNote } from "./notes.ts";
import { type ImageInfo, type ImageSegment, read } from "./read.ts";

/** One thing in which two images differ. */
export interface Difference {
  readonly part:
    | "target"
    | "entry"
    | "device"
    | "segment"
    | "content"
    | "note"
    | "image id"
    | "base build id"
    | "engine"
    | "debug id"
    | "bytecode"
    | "stack"
    | "package";
  /** Which: of a device its name, of a segment its place in the file's order and its flags, of a package its name; else empty. */
  readonly name: string;
  /** What the first image has; `undefined` if nothing. */
  readonly a: string | undefined;
  /** What the second one has; `undefined` if nothing. */
  readonly b: string | undefined;
}

/** Bytes that are read at once, and of each image in all, and ranges that are told of each segment. */
const PIECE = 1 << 18;
const COMPARED_MAX = 1 << 30;
const RANGES_MAX = 8;
/** Ranges with fewer equal bytes between them are one. */
const GAP = 16;

/**
 * Tells in which ways two images differ, whatever their targets: target, entry, devices, segments, notes, what is in the
 * notes of ours, and the first differing ranges of a segment's content. Images may be read piece by piece; of their content
 * at most 1 GiB is compared. Empty: nothing that is loaded or said differs.
 *
 * @throws {ImageError} nothing can be said about one of them, as by {@link read}
 * @throws {TypeError} an argument is no image
 */
export function diff(a: Uint8Array | ImageSource, b: Uint8Array | ImageSource): readonly Difference[] {
  const sources = [sourceOf("diff", a), sourceOf("diff", b)] as const;
  const memory = { memBytes: Number.MAX_SAFE_INTEGER };
  const [first, second] = [read(sources[0], memory), read(sources[1], memory)];
  const differences: Difference[] = [];
  for (const [part, facts] of FACTS) {
    const [here, there] = [facts(first), facts(second)];
    for (const name of new Set([...here.keys(), ...there.keys()])) {
      const [one, other] = [here.get(name), there.get(name)];
      if (one !== other) differences.push({ part, name, a: one, b: other });
    }
    if (part === "segment") differences.push(...contents(sources, first, second));
  }
  return differences;
}

type Facts = ReadonlyMap<string, string>;

const only = (fact: string | number | undefined): Facts =>
  new Map(fact === undefined ? [] : [["", `${fact}`]]);

/** What is compared, in this order: facts by name. */
const FACTS: readonly (readonly [Difference["part"], (info: ImageInfo) => Facts])[] = [
  ["target", ({ abi }) => only(`${nameOf(abi)}, ABI version ${abi.version}`)],
  ["entry", ({ entry }) => only(hex(entry))],
  ["device", ({ devices }) => named(devices.map(({ handle, name, type }) => [name, `${type} ${handle}`]))],
  ["segment", ({ segments }) => new Map(segments.map((one, at) => [nameOfSegment(one, at), sizes(one)]))],
  ["note", ({ notes }) => named(notes.map((note) => [nameOfNote(note), `${note.size} bytes`]))],
  ["image id", ({ id }) => only(id)],
  ["base build id", ({ buildId }) => only(buildId)],
  ["engine", ({ engine }) => named((engine ?? []).map(({ name, version }) => [name, version]))],
  ["debug id", ({ debugId }) => only(debugId)],
  ["bytecode", ({ program }) => only(program && `${program.bytecodeSize} bytes`)],
  ["stack", ({ program }) => only(program && `${program.stack} bytes`)],
  [
    "package",
    ({ sbom }) => named((sbom?.packages ?? []).map(({ name, version }) => [name, version ?? "(no version)"])),
  ],
];

/** Facts of one name are one fact. */
function named(facts: readonly (readonly [string, string])[]): Facts {
  const map = new Map<string, string[]>();
  for (const [name, fact] of facts) {
    const known = map.get(name);
    if (known === undefined) map.set(name, [fact]);
    else known.push(fact);
  }
  return new Map([...map].map(([name, all]) => [name, all.sort().join(", ")]));
}

function nameOf({ target, targetNumber }: ImageInfo["abi"]): string {
  return target === "unknown" ? `unknown (${targetNumber})` : target;
}

function nameOfSegment({ flags }: ImageSegment, index: number): string {
  return `${index} ${flags}`;
}

function sizes({ vaddr, memsz, filesz }: ImageSegment): string {
  return `${hex(vaddr)}, ${memsz} bytes, ${filesz} in the file`;
}

function nameOfNote({ kind, owner, type }: ImageNote): string {
  return kind ?? `${owner} ${hex(type)}`;
}

/** The ranges of guest memory in which the contents of segments that both images have differ. */
function contents(
  [a, b]: readonly [ImageSource, ImageSource],
  first: ImageInfo,
  second: ImageInfo,
): Difference[] {
  const differences: Difference[] = [];
  let budget = COMPARED_MAX;
  for (const [index, one] of first.segments.entries()) {
    const other = second.segments[index];
    if (other === undefined || nameOfSegment(one, index) !== nameOfSegment(other, index)) continue;
    const length = Math.min(budget, contentOf(a, one), contentOf(b, other));
    budget -= length;
    for (const [from, to] of ranges(a, one.offset, b, other.offset, length)) {
      const range = ({ vaddr }: ImageSegment) => `${hex(vaddr + from)}..${hex(vaddr + to)}`;
      differences.push({ part: "content", name: nameOfSegment(one, index), a: range(one), b: range(other) });
    }
  }
  return differences;
}

/** Bytes of a segment's content that are in the file. */
function contentOf({ size }: ImageSource, { offset, filesz }: ImageSegment): number {
  return Math.max(0, Math.min(filesz, size - offset));
}

/** The first ranges in which `length` bytes of both differ, from each one's beginning; the last one may go on. */
function ranges(
  a: ImageSource,
  aAt: number,
  b: ImageSource,
  bAt: number,
  length: number,
): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let at = 0; at < length; at += PIECE) {
    const size = Math.min(PIECE, length - at);
    const [one, other] = [a.read(aAt + at, size), b.read(bAt + at, size)];
    for (let i = 0; i < size; i++) {
      if (one[i] === other[i]) continue;
      const last = found.at(-1);
      if (last !== undefined && at + i - last[1] < GAP) last[1] = at + i + 1;
      else if (found.length === RANGES_MAX) return found;
      else found.push([at + i, at + i + 1]);
    }
  }
  return found;
}
