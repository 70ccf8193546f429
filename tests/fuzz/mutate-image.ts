import { crc32 } from "node:zlib";
import type { Random } from "./random.ts";

/*
 * Changes to an image that know what an image is made of: fields of the ELF header and of program headers, heads and
 * descriptors of notes. Nothing here is shared with the readers.
 */

const HEADER = 64;
const ROW = 56;
const PT_NOTE = 4;
/** Place and width of the fields of the ELF header. */
const ELF_FIELDS = [
  [4, 1],
  [5, 1],
  [6, 1],
  [15, 1],
  [16, 2],
  [18, 2],
  [20, 4],
  [24, 8],
  [32, 8],
  [40, 8],
  [48, 4],
  [52, 2],
  [54, 2],
  [56, 2],
  [58, 2],
] as const;
/** Place and width of the fields of a program header. */
const ROW_FIELDS = [
  [0, 4],
  [4, 4],
  [8, 8],
  [16, 8],
  [24, 8],
  [32, 8],
  [40, 8],
  [48, 8],
] as const;
/** Numbers at the edges of what rules speak of. */
// biome-ignore format: a table
const EDGES = [
  0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 11n, 12n, 16n, 19n, 20n, 24n, 32n, 33n, 63n, 64n, 65n, 104n, 116n, 136n,
  0x800n, 0x1000n, 0x1800n, 0x2000n, 6668n, 6669n, 8192n, 0xffffn, 0xfffffn, 0x100000n, 0x101000n, 0x200000n,
  0x1000000n, 0x1000001n, 0xffffffn, 0x20000000n, 0x3fffffffn, 0x40000000n, 0x7fffffffn, 0xffffffffn, 1n << 32n,
  (1n << 53n) - 1n, 1n << 53n, (1n << 53n) + 1n, 1n << 63n,
];
const MASK = (1n << 64n) - 1n;
const TYPES = [0, 1, 1, 1, 2, 3, 4, 4, 4, 6, 7, 0x6474e551];

/** An image under change; it has room to grow. */
class Draft {
  bytes: Uint8Array;
  view: DataView;

  constructor(source: Uint8Array) {
    this.bytes = source.slice();
    this.view = new DataView(this.bytes.buffer);
  }

  resize(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes.subarray(0, length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  get(at: number, width: 1 | 2 | 4 | 8): bigint {
    if (at < 0 || at + width > this.bytes.length) return 0n;
    if (width === 1) return BigInt(this.view.getUint8(at));
    if (width === 2) return BigInt(this.view.getUint16(at, true));
    return width === 4 ? BigInt(this.view.getUint32(at, true)) : this.view.getBigUint64(at, true);
  }

  set(at: number, width: 1 | 2 | 4 | 8, value: bigint): void {
    if (at < 0 || at + width > this.bytes.length) return;
    if (width === 8) this.view.setBigUint64(at, value & MASK, true);
    else if (width === 4) this.view.setUint32(at, Number(value & 0xffffffffn), true);
    else if (width === 2) this.view.setUint16(at, Number(value & 0xffffn), true);
    else this.view.setUint8(at, Number(value & 0xffn));
  }

  /** Where the table of program headers is; at the end where it is said to be elsewhere. */
  get table(): number {
    const at = this.get(32, 8);
    return at > BigInt(this.bytes.length) ? this.bytes.length : Number(at);
  }

  /** Headers that are said to be there and are. */
  get count(): number {
    const room = Math.floor((this.bytes.length - this.table) / ROW);
    return Math.max(0, Math.min(Number(this.get(56, 2)), room));
  }

  row(index: number): number {
    return this.table + ROW * index;
  }
}

/** An image that came of `sources`, by a few changes. */
export function mutateImage(random: Random, sources: readonly Uint8Array[]): Uint8Array {
  const draft = new Draft(random.of(sources));
  const changes = 1 + random.below(random.once(4) ? 12 : 3);
  for (let change = 0; change < changes; change++) random.of(CHANGES)(draft, random, sources);
  if (random.once(2)) seal(draft.bytes);
  return draft.bytes;
}

type Change = (draft: Draft, random: Random, sources: readonly Uint8Array[]) => void;

/** Those that leave most of an image sound come up more often. */
const CHANGES: readonly Change[] = [
  changeElfField,
  changeRowField,
  changeRowField,
  changeRowField,
  changeRowField,
  changeType,
  swapRows,
  copyRow,
  deleteRow,
  insertRow,
  changeNoteHead,
  changeNoteHead,
  changeManifest,
  changeManifest,
  changeDescriptor,
  spliceNote,
  moveNote,
  moveTable,
  resize,
  copyRange,
  changeByte,
];

/** A number for a field that has `before`: at an edge, or near what other fields say. */
function number(draft: Draft, random: Random, before: bigint): bigint {
  const near = BigInt(random.below(5) - 2);
  switch (random.below(9)) {
    case 0:
      return random.of(EDGES);
    case 1:
      return random.of(EDGES) + near;
    case 2:
      return -random.of(EDGES);
    case 3:
      return before + near;
    case 4:
      return BigInt(draft.bytes.length) + near;
    case 5:
      return 1n << BigInt(random.below(64));
    case 6:
      return 0x100000n + BigInt(random.below(0x200)) * 0x800n;
    case 7: {
      const [at, width] = random.of(ROW_FIELDS);
      return (
        draft.get(draft.row(random.below(draft.count)) + at, width) + near * random.of([0n, 1n, 0x1000n])
      );
    }
    default:
      return (BigInt(random.word()) << 32n) | BigInt(random.word());
  }
}

function changeElfField(draft: Draft, random: Random): void {
  // The last byte of e_ident says how much memory the guest has.
  const [at, width] = random.once(2) ? ([15, 1] as const) : random.of(ELF_FIELDS);
  draft.set(at, width, number(draft, random, draft.get(at, width)));
}

function changeRowField(draft: Draft, random: Random): void {
  const [field, width] = random.of(ROW_FIELDS);
  const at = draft.row(random.below(draft.count)) + field;
  draft.set(at, width, number(draft, random, draft.get(at, width)));
}

function changeType(draft: Draft, random: Random): void {
  draft.set(draft.row(random.below(draft.count)), 4, BigInt(random.of(TYPES)));
}

function swapRows(draft: Draft, random: Random): void {
  const [a, b] = [draft.row(random.below(draft.count)), draft.row(random.below(draft.count))];
  const [first, second] = [draft.bytes.slice(a, a + ROW), draft.bytes.slice(b, b + ROW)];
  if (first.length !== second.length) return;
  draft.bytes.set(second, a);
  draft.bytes.set(first, b);
}

function copyRow(draft: Draft, random: Random): void {
  if (draft.count === 0) return;
  const from = draft.row(random.below(draft.count));
  draft.bytes.copyWithin(draft.row(random.below(draft.count)), from, from + ROW);
}

function deleteRow(draft: Draft, random: Random): void {
  const { count } = draft;
  if (count < 2) return;
  const at = draft.row(random.below(count));
  draft.bytes.copyWithin(at, at + ROW, draft.row(count));
  draft.set(56, 2, BigInt(count - 1));
}

/** The table goes to the end of the file, where there is room for one more. */
function insertRow(draft: Draft, random: Random): void {
  const { count, table } = draft;
  const rows = draft.bytes.slice(table, table + ROW * count);
  if (rows.length === 0 || count > 100) return;
  const end = draft.bytes.length;
  const at = random.below(count + 1) * ROW;
  const which = random.below(count) * ROW;
  draft.resize(end + ROW * (count + 1));
  draft.bytes.set(rows.subarray(0, at), end);
  draft.bytes.set(rows.subarray(which, which + ROW), end + at);
  draft.bytes.set(rows.subarray(at), end + at + ROW);
  draft.set(32, 8, BigInt(end));
  draft.set(56, 2, BigInt(count + 1));
}

function moveTable(draft: Draft, random: Random): void {
  const { count, table } = draft;
  const to = random.below(draft.bytes.length + 1);
  draft.bytes.copyWithin(to, table, table + ROW * count);
  draft.set(32, 8, BigInt(to));
}

/** Where the note of any PT_NOTE begins; 0 if there is none. */
function noteAt(draft: Draft, random: Random): number {
  const { count } = draft;
  const first = random.below(count);
  for (let i = 0; i < count; i++) {
    const row = draft.row((first + i) % count);
    if (draft.get(row, 4) !== BigInt(PT_NOTE)) continue;
    const at = draft.get(row + 8, 8);
    return at < BigInt(draft.bytes.length) ? Number(at) : 0;
  }
  return 0;
}

function changeNoteHead(draft: Draft, random: Random): void {
  const at = noteAt(draft, random);
  const word = random.below(5);
  if (word === 2) draft.set(at + 8, 4, BigInt(random.of([0x3154464d, 0x31494241, 0x31444955, 1, 0])));
  else if (word < 2) draft.set(at + 4 * word, 4, number(draft, random, draft.get(at + 4 * word, 4)));
  else draft.set(at + 12 + random.below(8), 1, BigInt(random.of([0, 0x36, 0x53, 0xff])));
}

function changeDescriptor(draft: Draft, random: Random): void {
  const at = noteAt(draft, random) + 20 + 4 * random.below(6);
  draft.set(at, 4, number(draft, random, draft.get(at, 4)));
}

/** A field of an entry of a manifest, or the number of entries. */
function changeManifest(draft: Draft, random: Random): void {
  const note = noteAt(draft, random);
  const entry = note + 32 + 104 * random.below(4);
  const kind = random.below(6);
  if (kind === 0) draft.set(note + 24 + 4 * random.below(2), 4, number(draft, random, 1n));
  if (kind === 1)
    draft.set(entry + 68, 4, random.of([0n, 1n, 2n, 3n, 0x40000000n, 0x40000001n, 0xffffffffn]));
  if (kind === 2) draft.set(entry + random.of([67, 68, 96, 97, 103]), 1, BigInt(random.below(3)));
  if (kind === 3)
    draft.set(entry + random.below(4), 1, random.of([0n, 0x1bn, 0x30n, 0x41n, 0x7an, 0x80n, 0xffn]));
  if (kind === 4) {
    // Another entry once more.
    const from = note + 32 + 104 * random.below(4);
    draft.bytes.copyWithin(Math.min(entry, draft.bytes.length), from, from + 104);
  }
  if (kind === 5) {
    // One entry more or fewer, with a size that fits.
    const entries = draft.get(note + 28, 4) + BigInt(random.below(3) - 1);
    draft.set(note + 28, 4, entries);
    draft.set(note + 4, 4, 12n + 104n * entries);
  }
}

/** A note of this or another image, where a note is. */
function spliceNote(draft: Draft, random: Random, sources: readonly Uint8Array[]): void {
  const other = random.once(2) ? draft : new Draft(random.of(sources));
  const from = noteAt(other, random);
  const at = noteAt(draft, random);
  const bytes = other.bytes.subarray(from, from + random.of([20, 28, 36, 136, 240, 344]));
  draft.bytes.set(bytes.subarray(0, draft.bytes.length - at), at);
}

/** A note to the end of the file, or near it, with its header. */
function moveNote(draft: Draft, random: Random): void {
  const { count } = draft;
  for (let i = 0; i < count; i++) {
    const row = draft.row((i + random.below(count)) % count);
    if (draft.get(row, 4) !== BigInt(PT_NOTE)) continue;
    const at = Number(draft.get(row + 8, 8) & 0xffffn);
    const length = Number(draft.get(row + 32, 8) & 0xfffn);
    const note = draft.bytes.slice(at, at + length);
    const end = draft.bytes.length;
    draft.resize(end + Math.max(0, note.length - random.below(3)));
    draft.bytes.set(note.subarray(0, draft.bytes.length - end), end);
    draft.set(row + 8, 8, BigInt(end));
    return;
  }
}

function resize(draft: Draft, random: Random): void {
  const { length } = draft.bytes;
  const said = Number(draft.get(draft.row(random.below(draft.count)) + random.of([8, 32]), 8) & 0xffffn);
  const lengths = [
    length - 1,
    length + 1,
    HEADER,
    said,
    said - 1,
    random.below(length + 1),
    length + random.below(64),
  ];
  draft.resize(Math.max(0, Math.min(random.of(lengths), length + 4096)));
}

function copyRange(draft: Draft, random: Random): void {
  const { length } = draft.bytes;
  const [from, to, size] = [random.below(length), random.below(length), 1 << random.below(8)];
  draft.bytes.copyWithin(to, from, from + size);
}

function changeByte(draft: Draft, random: Random): void {
  draft.set(random.below(draft.bytes.length), 1, BigInt(random.word()));
}

/** The checksum of an image of ours, so that it is not all that is wrong. */
function seal(image: Uint8Array): void {
  const end = image.length - 4;
  const program = image.length - 0x1000;
  if (program < 0 || String.fromCharCode(...image.subarray(program, program + 6)) !== "UKPROG") return;
  new DataView(image.buffer).setUint32(end, crc32(image.subarray(0, end)), true);
}
