// The reader of images in TypeScript and the real tender about the shared corpus; crates/solo5-elf/tests/corpus.rs has the
// reader in Rust, and tests/fuzz all of them about images that nobody wrote down.
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "@uk/tender-spt";
import { describe, expect, it } from "vitest";
import { FOLDER, MEM_MIB, parseCases, readCorpus, SEGMENTS_LISTED } from "./support/corpus.ts";
import { expectGolden } from "./support/golden.ts";
import { CORPUS } from "./support/image-corpus.ts";
import { execute } from "./support/uk.ts";
import { verdict } from "./support/verdict.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();

describe.each(CORPUS)("the fixtures in $file", ({ file, cases }) => {
  const parsed = parseCases(cases.map(({ text }) => text).join(""));
  const verdicts = parsed.map(({ image, memory }) => verdict(image, memory, SEGMENTS_LISTED));

  it("are accepted and refused as whoever described them meant it", () => {
    const wrong = parsed.filter((_, index) => verdicts[index]?.startsWith("+") !== cases[index]?.accepted);
    expect(wrong.map(({ why }) => why)).toEqual([]);
  });

  it("are what the descriptions say", () => {
    const text = cases.map((one, index) => one.text.replace("\n", `\n${verdicts[index]}\n`)).join("");
    expectGolden(join(FOLDER, file), text, { maker: true });
  });
});

const corpus = readCorpus();

it.each(corpus)("reads $why", ({ image, memory, verdict: expected }) => {
  expect(verdict(image, memory, SEGMENTS_LISTED)).toBe(expected);
  if (image.size < 64 << 20) {
    expect(verdict(image.read(0, image.size), memory, SEGMENTS_LISTED)).toBe(expected);
  }
});

describe("the tender for spt", () => {
  it("gives the verdict of the readers about each image of the corpus", async () => {
    const path = join(folder, "image.spt");
    for (const { why, image, memory, verdict: expected } of corpus) {
      // Larger files and guests are for readers, who need no room for them.
      if (memory !== MEM_MIB << 20 || image.size > 2 ** 40) continue;
      const file = openSync(path, "w");
      for (const [at, bytes] of image.pieces) writeSync(file, bytes, 0, bytes.length, at);
      ftruncateSync(file, image.size);
      closeSync(file);
      const { status, stderr } = await execute(binaryPath(), [`--mem=${MEM_MIB}`, path]);
      const isRefused = status === 1 && /: (not a Solo5 image|invalid image|cannot be loaded): /.test(stderr);
      expect(isRefused, `${why}: status ${status}: ${stderr}`).toBe(expected.startsWith("-"));
      rmSync(path);
    }
  });
});
