// Reads or writes blocks of 4 KiB one after the other and says how long one takes.
import { argv, block, clockMonotonic, run } from "@uk/miou-solo5";

run([block("storage")], function* (disk) {
  const [, call = "read", order = "sequential", words = "1"] = argv;
  const count = Number(words);
  const blocks = Number(disk.capacity / BigInt(disk.blockSize));
  const buffer = new Uint8Array(disk.blockSize);
  // Where to go is made up before the clock starts.
  const offsets: bigint[] = [];
  let state = 1;
  for (let n = 0; n < count; n++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const block = order === "random" ? (state >>> 8) % blocks : n % blocks;
    offsets.push(BigInt(block * disk.blockSize));
  }
  const start = clockMonotonic();
  if (call === "read") for (const offset of offsets) disk.atomicRead(offset, buffer);
  else for (const offset of offsets) disk.atomicWrite(offset, buffer);
  console.log(JSON.stringify({ nsPerBlock: Number(clockMonotonic() - start) / count }));
});
