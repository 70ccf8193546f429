// The guest's program (guest.ts) on Node, with blocks from the addon.
import { openBlock } from "@uk/solo5-bindings";

const [, , path, call, order, words] = process.argv;
const count = Number(words);
const disk = openBlock(path, { blockSize: 4096 });
const blocks = Number(disk.capacity / BigInt(disk.blockSize));
const buffer = new Uint8Array(disk.blockSize);
const offsets = [];
let state = 1;
for (let n = 0; n < count; n++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  const block = order === "random" ? (state >>> 8) % blocks : n % blocks;
  offsets.push(BigInt(block * disk.blockSize));
}
const start = process.hrtime.bigint();
if (call === "read") for (const offset of offsets) disk.readSync(offset, buffer);
else for (const offset of offsets) disk.writeSync(offset, buffer);
console.log(JSON.stringify({ nsPerBlock: Number(process.hrtime.bigint() - start) / count }));
disk.close();
