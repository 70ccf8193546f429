// A log on a block device that survives being killed at any moment: one record a block, and a record
// counts only if its checksum is right.
//   truncate -s 1M log.img && uk run --block:storage=log.img dist/disk-log.spt 100
import { argv, type Block, block, run } from "@uk/miou-solo5";

/*
 *  0  4  magic
 *  4  4  checksum (FNV-1a) of what follows
 *  8  8  number of the record, from 1
 * 16  2  bytes of text
 * 18  -  text
 */
const MAGIC = 0x4c4f4731;
const TEXT_AT = 18;

run([block("storage")], function* (disk) {
  const log = new Log(disk);
  yield* log.recover();
  console.log(`recovered ${log.length}`);
  const count = Number(argv[1] ?? 1);
  for (let n = 0; n < count && !log.isFull; n++) {
    const number = yield* log.append(`record ${log.length + 1}`);
    console.log(`acknowledged ${number}`);
  }
});

class Log {
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

  /** Finds the end: the first block that does not hold the next record. */
  *recover() {
    while (!this.isFull) {
      yield* this.#disk.read(this.#end, this.#buffer);
      if (!this.#holds(BigInt(this.length + 1))) return;
      this.length++;
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
