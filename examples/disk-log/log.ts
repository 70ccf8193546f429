// The log itself: one record a block, and a record counts only if its checksum is right.
import type { Block } from "@uk/miou-solo5";

/*
 *  0  4  magic
 *  4  4  checksum (FNV-1a) of what follows
 *  8  8  number of the record, from 1
 * 16  2  bytes of text
 * 18  -  text
 */
const MAGIC = 0x4c4f4731;
const TEXT_AT = 18;

export class Log {
  /** Records in the log. */
  length = 0;
  readonly #disk: Block;
  readonly #buffer: Uint8Array;
  readonly #view: DataView;

  constructor(disk: Block) {
    this.#disk = disk;
    this.#buffer = new Uint8Array(disk.blockSize);
    this.#view = new DataView(this.#buffer.buffer);
  }

  get isFull(): boolean {
    return this.#end >= this.#disk.capacity;
  }

  /** Finds the end: the first block that does not hold the next record. Tells of each record before it. */
  *recover(found?: (text: string) => void) {
    while (!this.isFull) {
      yield* this.#disk.read(this.#end, this.#buffer);
      if (!this.#holds(BigInt(this.length + 1))) return;
      this.length++;
      found?.(this.#text());
    }
  }

  /** Writes one record; returns its number once it is on the device. */
  *append(text: string) {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    this.#buffer.fill(0);
    this.#view.setUint32(0, MAGIC);
    this.#view.setBigUint64(8, BigInt(this.length + 1));
    this.#view.setUint16(16, bytes.length);
    this.#buffer.set(bytes, TEXT_AT);
    this.#view.setUint32(4, this.#checksum());
    yield* this.#disk.write(this.#end, this.#buffer);
    return ++this.length;
  }

  #text(): string {
    return String.fromCharCode(...this.#buffer.subarray(TEXT_AT, TEXT_AT + this.#view.getUint16(16)));
  }

  get #end(): bigint {
    return BigInt(this.length) * BigInt(this.#disk.blockSize);
  }

  #holds(number: bigint): boolean {
    const view = this.#view;
    if (view.getUint32(0) !== MAGIC || view.getBigUint64(8) !== number) return false;
    return view.getUint32(4) === this.#checksum();
  }

  #checksum(): number {
    let hash = 0x811c9dc5;
    for (const byte of this.#buffer.subarray(8)) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash >>> 0;
  }
}
