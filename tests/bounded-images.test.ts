// Readers of images in bounded time and memory, whatever the headers say. What is counted is what is read, not the clock.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ImageSource, read } from "@uk/image";
import { expect, it } from "vitest";
import { readCorpus } from "./support/corpus.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();

/** The image, and how it is read. */
function counted(image: ImageSource): { readonly source: ImageSource; reads: number; bytes: number } {
  const count = {
    reads: 0,
    bytes: 0,
    source: {
      size: image.size,
      read(offset: number, length: number) {
        count.reads += 1;
        count.bytes += length;
        return image.read(offset, length);
      },
    },
  };
  return count;
}

const corpus = readCorpus();

it.each(corpus)("reads no more than headers and notes of $why", ({ image, memory }) => {
  const count = counted(image);
  try {
    read(count.source, { memBytes: memory });
  } catch {
    // Refused, as the corpus says.
  }
  const head = image.read(0, 64);
  const headers = new DataView(head.buffer).getUint16(56, true);
  // ELF header, table, ABI and manifest, whether the last segment is a program; for each PT_NOTE a head, and once more to
  // list it, with the notes behind it, of which 256 are listed.
  expect(count.reads).toBeLessThanOrEqual(2 + 2 * headers + 256 + 8);
  expect(count.bytes).toBeLessThanOrEqual(64 + (56 + 20 + 64) * headers + 256 * 64 + 3 * 8192);
});

it("has memory for the largest tables in proportion to them, and none for what headers say", () => {
  const program = join(folder, "read.mjs");
  writeFileSync(
    program,
    `import { read } from "@uk/image";
    const count = Number(process.argv[2]);
    const image = new Uint8Array(64 + 56 * count);
    const view = new DataView(image.buffer);
    image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    for (const [at, value] of [[16, 2], [18, 62], [20, 1], [32, 64], [52, 64], [54, 56], [56, count]]) view.setUint16(at, value, true);
    view.setBigUint64(24, 0x100000n, true);
    for (let index = 0; index < count; index++) {
      view.setUint32(64 + 56 * index, index % 2 === 0 ? 4 : 1, true);
      for (const at of [32, 40]) view.setBigUint64(64 + 56 * index + at, 1n << 62n, true);
    }
    try { read(image); } catch (error) { if (error.name !== "ImageError") throw error; }
    console.log(process.resourceUsage().maxRSS);`,
  );
  const [little = 0, most = 0] = [1, 0xffff].map((headers) => {
    const { stdout, stderr } = spawnSync(process.execPath, [program, `${headers}`], { encoding: "utf8" });
    expect(stderr).toBe("");
    return Number(stdout);
  });
  // In KiB: a table of 3.6 MB, and what is made of each of its headers.
  expect(most - little).toBeLessThan(128 << 10);
});
