// The guest's program (guest.ts) on Node's own file system calls.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

const [, , path, call, order, words] = process.argv;
const BLOCK = 4096;
const count = Number(words);
const file = openSync(path, "r+");
const blocks = fstatSync(file).size / BLOCK;
const buffer = new Uint8Array(BLOCK);
const offsets = [];
let state = 1;
for (let n = 0; n < count; n++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  offsets.push((order === "random" ? (state >>> 8) % blocks : n % blocks) * BLOCK);
}
const start = process.hrtime.bigint();
if (call === "read") for (const offset of offsets) readSync(file, buffer, 0, BLOCK, offset);
else for (const offset of offsets) writeSync(file, buffer, 0, BLOCK, offset);
console.log(JSON.stringify({ nsPerBlock: Number(process.hrtime.bigint() - start) / count }));
closeSync(file);
