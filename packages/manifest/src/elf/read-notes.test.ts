import { describe, expect, it } from "vitest";
import {
  createManifest,
  encodeNote,
  type ImageSource,
  net,
  readAbi,
  readDevices,
  readManifest,
} from "../index.ts";
import { PT_NOTE, writeProgramHeader } from "./elf.ts";

const MANIFEST = createManifest([net("a")]);

/** A file of so many notes of somebody else and then ours, each with a header; and how it was read. */
function imageOf(foreign: number, size: number): { source: ImageSource; reads: number; bytes: number } {
  const notes = [encodeNote({ type: "solo5.abi", target: "spt", version: 2 }), encodeNote(MANIFEST)];
  const count = foreign + notes.length;
  const begin = new Uint8Array(64 + 56 * count + 24 * foreign + 1024);
  const view = new DataView(begin.buffer);
  begin.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, 2],
    [18, 62],
    [20, 1],
    [32, 64],
    [52, 64],
    [54, 56],
    [56, count],
  ] as const) {
    view.setUint16(at, value, true);
  }
  let at = 64 + 56 * count;
  for (let index = 0; index < count; index++) {
    const note = notes[index - foreign] ?? new Uint8Array(24);
    begin.set(note, at);
    const [offset, filesz] = [BigInt(at), BigInt(note.length)];
    const header = {
      type: PT_NOTE,
      flags: 4,
      offset,
      vaddr: 0n,
      paddr: 0n,
      filesz,
      memsz: filesz,
      align: 4n,
    };
    writeProgramHeader(view, 64 + 56 * index, header);
    at += Math.ceil(note.length / 4) * 4;
  }
  const image = {
    reads: 0,
    bytes: 0,
    source: {
      size: Math.max(size, begin.length),
      read(offset: number, length: number) {
        image.reads += 1;
        image.bytes += length;
        const read = new Uint8Array(length);
        read.set(begin.subarray(offset, offset + length));
        return read;
      },
    },
  };
  return image;
}

describe.each([
  { what: "readManifest", read: readManifest, expected: MANIFEST },
  { what: "readDevices", read: readDevices, expected: [{ handle: 1, ...MANIFEST.devices[0] }] },
  {
    what: "readAbi",
    read: readAbi,
    expected: { type: "solo5.abi", target: "spt", targetNumber: 2, version: 2 },
  },
])("$what", ({ read, expected }) => {
  it.each([0, 4_000, 16_000, 65_533])(
    "reads %i notes of somebody else once each, and nothing twice",
    (foreign) => {
      const image = imageOf(foreign, 0);
      expect(read(image.source)).toEqual(expected);
      // The ELF header, the table, our notes, of which it reads the heads first.
      expect(image.reads).toBeLessThanOrEqual(2 + foreign + 3);
      expect(image.bytes).toBeLessThanOrEqual(64 + 56 * (foreign + 2) + 20 * (foreign + 2) + 8192);
    },
  );

  it("reads as much of a file of 8 PiB as of a small one", () => {
    const [small, large] = [imageOf(5, 0), imageOf(5, 2 ** 53 - 1)];
    expect(read(large.source)).toEqual(read(small.source));
    expect({ ...large, source: undefined }).toEqual({ ...small, source: undefined });
  });
});
