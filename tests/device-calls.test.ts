import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { hasNamespaces, inNamespace, whyNot } from "./support/namespace.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();

/** Builds a program of this folder, and runs it as an image with a TAP and more options. */
async function run(name: string, options: string): Promise<{ stdout: string; stderr: string }> {
  const entry = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  const image = await build({ name, entry }, folder);
  const script = `tap tap0; uk run ${options} --net:service=tap0 "${image}"`;
  const { stdout, stderr } = await inNamespace(folder, script);
  return { stdout, stderr };
}

describe.skipIf(!hasNamespaces)(`devices of an spt image${whyNot}`, () => {
  it("say what is wrong with a call, and do nothing then", async () => {
    const disk = join(folder, "disk.img");
    writeFileSync(disk, new Uint8Array(1024).fill(1));
    const { stdout, stderr } = await run("device-refusals", `--block:storage="${disk}"`);
    expect(stderr).toBe("");
    expect(stdout).toBe(EXPECTED);
    expect([...readFileSync(disk)]).toEqual([...new Array(512).fill(1), ...new Array(512).fill(7)]);
  });

  it("leave no memory behind", async () => {
    expect(await run("readings", "--mem=16")).toEqual({
      stdout: "readings that nobody needs are forgotten\n",
      stderr: "",
    });
  });
});

const EXPECTED = `read at 0 (bigint): done
read at 512 (bigint): done
read at 1024 (bigint): RangeError: block.atomicRead: offset 1024 lies outside device "storage" of 1024 bytes
read at 1 (bigint): RangeError: block.atomicRead: offset 1 is not a multiple of the block size 512
read at -512 (bigint): RangeError: block.atomicRead: offset -512 lies outside device "storage" of 1024 bytes
read at 2147483648 (bigint): RangeError: block.atomicRead: offset 2147483648 lies outside device "storage" of 1024 bytes
read at 4611686018427387904 (bigint): RangeError: block.atomicRead: offset 4611686018427387904 lies outside device "storage" of 1024 bytes
read at 18446744073709552128 (bigint): RangeError: block.atomicRead: offset 18446744073709552128 lies outside device "storage" of 1024 bytes
read at 0 (number): TypeError: block.atomicRead: the offset must be a bigint, e.g. 0n
read at 0 (string): TypeError: block.atomicRead: the offset must be a bigint, e.g. "0"n
read at undefined (undefined): TypeError: block.atomicRead: the offset must be a bigint, e.g. undefinedn
read into 511 bytes: RangeError: block.atomicRead: a buffer of 511 bytes for blocks of 512 bytes
read into 513 bytes: done
read into text: TypeError: block.atomicRead: the buffer must be a Uint8Array
write from 511 bytes: RangeError: block.atomicWrite: a buffer of 511 bytes for blocks of 512 bytes
write behind the end: RangeError: block.atomicWrite: offset 1024 lies outside device "storage" of 1024 bytes
write: done
read back: done
bytes: 7 7
send 14 bytes: done
send 60 bytes: done
send 1514 bytes: done
send 13 bytes: RangeError: net.write: a frame of 13 bytes: a frame has 14 to 1514
send 1515 bytes: RangeError: net.write: a frame of 1515 bytes: a frame has 14 to 1514
send 0 bytes: RangeError: net.write: a frame of 0 bytes: a frame has 14 to 1514
send -60 bytes: RangeError: net.write: a frame of -60 bytes: a frame has 14 to 1514
send 20.5 bytes: RangeError: net.write: a frame of 20.5 bytes: a frame has 14 to 1514
send NaN bytes: RangeError: net.write: a frame of NaN bytes: a frame has 14 to 1514
send 4294967356 bytes: RangeError: net.write: a frame of 4294967356 bytes: a frame has 14 to 1514
send all: done
send 60 of 40 bytes: RangeError: net.write: a frame of 60 bytes in a buffer of 40
send text: TypeError: net.write: the buffer must be a Uint8Array
read into 1513 bytes: RangeError: net.read: a buffer of 1513 bytes for frames of up to 1514 bytes
read into undefined: TypeError: net.read: the buffer must be a Uint8Array
read into string: TypeError: net.read: the buffer must be a Uint8Array
read into object: TypeError: net.read: the buffer must be a Uint8Array
read into object: TypeError: net.read: the buffer must be a Uint8Array
readSync into 1513 bytes: RangeError: net.readSync: a buffer of 1513 bytes for frames of up to 1514 bytes
readSync into text: TypeError: net.readSync: the buffer must be a Uint8Array
readSync into nothing: TypeError: net.readSync: the buffer must be a Uint8Array
a reading's next of undefined: TypeError: Reading object expected
a reading's next of object: TypeError: Reading object expected
a reading's next of object: TypeError: Reading object expected
a reading's next of function: TypeError: Reading object expected
new: TypeError: not a constructor
block into 1 bytes, 4096 before: RangeError: block.atomicRead: a buffer of 1 bytes for blocks of 512 bytes
frame into 1 bytes, 4096 before: RangeError: net.read: a buffer of 1 bytes for frames of up to 1514 bytes
frame from 1 bytes, 4096 before: RangeError: net.write: a frame of 60 bytes in a buffer of 1
all of 1 bytes, 4096 before: RangeError: net.write: a frame of 1 bytes: a frame has 14 to 1514
block into 0 bytes, 4096 before: RangeError: block.atomicRead: a buffer of 0 bytes for blocks of 512 bytes
frame into 0 bytes, 4096 before: RangeError: net.read: a buffer of 0 bytes for frames of up to 1514 bytes
frame from 0 bytes, 4096 before: RangeError: net.write: a frame of 60 bytes in a buffer of 0
all of 0 bytes, 4096 before: RangeError: net.write: a frame of 0 bytes: a frame has 14 to 1514
block into 512 bytes, 4096 before: done
frame into 512 bytes, 4096 before: RangeError: net.read: a buffer of 512 bytes for frames of up to 1514 bytes
frame from 512 bytes, 4096 before: done
all of 512 bytes, 4096 before: done
block into 511 bytes, 4095 before: RangeError: block.atomicRead: a buffer of 511 bytes for blocks of 512 bytes
frame into 511 bytes, 4095 before: RangeError: net.read: a buffer of 511 bytes for frames of up to 1514 bytes
frame from 511 bytes, 4095 before: done
all of 511 bytes, 4095 before: done
block into 2000 bytes, 4096 before: done
frame into 2000 bytes, 4096 before: done
frame from 2000 bytes, 4096 before: done
all of 2000 bytes, 4096 before: RangeError: net.write: a frame of 2000 bytes: a frame has 14 to 1514
block into 0 bytes, 512 before: RangeError: block.atomicRead: a buffer of 0 bytes for blocks of 512 bytes
frame into 0 bytes, 512 before: RangeError: net.read: a buffer of 0 bytes for frames of up to 1514 bytes
frame from 0 bytes, 512 before: RangeError: net.write: a frame of 60 bytes in a buffer of 0
all of 0 bytes, 512 before: RangeError: net.write: a frame of 0 bytes: a frame has 14 to 1514
block into 512 bytes, 512 before: done
frame into 512 bytes, 512 before: RangeError: net.read: a buffer of 512 bytes for frames of up to 1514 bytes
frame from 512 bytes, 512 before: done
all of 512 bytes, 512 before: done
block into 512 bytes, 20 before: done
frame into 512 bytes, 20 before: RangeError: net.read: a buffer of 512 bytes for frames of up to 1514 bytes
frame from 512 bytes, 20 before: done
all of 512 bytes, 20 before: done
block into 1590 bytes, 10 before: done
frame into 1590 bytes, 10 before: done
frame from 1590 bytes, 10 before: done
all of 1590 bytes, 10 before: RangeError: net.write: a frame of 1590 bytes: a frame has 14 to 1514
block into 1580 bytes, 0 before: done
frame into 1580 bytes, 0 before: done
frame from 1580 bytes, 0 before: done
all of 1580 bytes, 0 before: RangeError: net.write: a frame of 1580 bytes: a frame has 14 to 1514
block into 10 bytes, 10 before: RangeError: block.atomicRead: a buffer of 10 bytes for blocks of 512 bytes
frame into 10 bytes, 10 before: RangeError: net.read: a buffer of 10 bytes for frames of up to 1514 bytes
frame from 10 bytes, 10 before: RangeError: net.write: a frame of 60 bytes in a buffer of 10
all of 10 bytes, 10 before: RangeError: net.write: a frame of 10 bytes: a frame has 14 to 1514
block into shared memory: done
block into 100 shared bytes: RangeError: block.atomicRead: a buffer of 100 bytes for blocks of 512 bytes
block into 100 bytes, said to be 4096: Solo5Error: block_read: EINVAL: the host could not read the block at 512 of device "storage"
read into what was given away: RangeError: net.read: a buffer of 0 bytes for frames of up to 1514 bytes
block into what is still ours: done
block into what was given away: RangeError: block.atomicRead: a buffer of 0 bytes for blocks of 512 bytes
dropped: 0
`;
