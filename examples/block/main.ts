// Two blocks of a disk, one read at once and one when the scheduler has time, and their checksums.
import { spawn } from "@uk/miou";
import { block, run } from "@uk/miou-solo5";

/** FNV-1a, 32 bits. */
function checksum(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

run([block("storage")], function* (disk) {
  const size = disk.blockSize;
  const buffer = new Uint8Array(2 * size);
  const first = spawn(function* () {
    disk.atomicRead(0n, buffer.subarray(size));
    console.log(`${0}: ${checksum(buffer.subarray(size))}`);
  });
  const second = spawn(function* () {
    yield* disk.read(BigInt(size), buffer.subarray(0, size));
    console.log(`${size}: ${checksum(buffer.subarray(0, size))}`);
  });
  yield* first;
  yield* second;
});
