// The guest's program (guest.ts) on Node's own file system calls.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

const [, , path, call, order, words] = process.argv;
const BLOCK = 4096;
const count = Number(words);
const file = openSync(path, "r+");
const blocks = fstatSync(file).size / BLOCK;
const buffer = new Uint8Array(BLOCK);
let state = 1;
const start = process.hrtime.bigint();
for (let n = 0; n < count; n++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  const block = order === "random" ? (state >>> 8) % blocks : n % blocks;
  if (call === "read") readSync(file, buffer, 0, BLOCK, block * BLOCK);
  else writeSync(file, buffer, 0, BLOCK, block * BLOCK);
}
console.log(JSON.stringify({ nsPerBlock: Number(process.hrtime.bigint() - start) / count }));
closeSync(file);
