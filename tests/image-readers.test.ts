// The two readers of images, in TypeScript and in Rust, and the real tender: one corpus, one verdict.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ImageError, link, read } from "@uk/image";
import { createManifest } from "@uk/manifest";
import { binaryPath } from "@uk/tender-spt";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { baseImage, ENGINE, filler, upstreamImage } from "../packages/image/src/testing/elf-builder.ts";
import { mutationsOf } from "../packages/image/src/testing/mutations.ts";
import { CORPUS, image, MEM_MIB } from "./support/image-corpus.ts";
import { execute } from "./support/uk.ts";
import { root, workspace } from "./support/workspace.ts";

const folder = workspace();
const MEM = MEM_MIB << 20;

/** What a reader makes of an image: what is to be loaded, or `undefined` if it refuses it. */
type Verdict = Record<string, unknown> | undefined;

/** What only our linker adds is no business of tenders (README of @uk/image). */
const OURS = ["BAD_PROGRAM", "DAMAGED"];

function inTypeScript(bytes: Uint8Array, memBytes: number): Verdict | "ours" {
  try {
    const { abi, devices, entry, kernelEnd, segments } = read(bytes, { memBytes });
    return {
      abi: { targetNumber: abi.targetNumber, version: abi.version },
      devices,
      entry,
      kernelEnd,
      segments: segments
        .filter(({ filesz }) => filesz > 0)
        .map(({ vaddr, filesz, offset, flags }) => ({ vaddr, filesz, offset, flags })),
    };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return OURS.includes(error.code) ? "ours" : undefined;
  }
}

/** `crates/solo5-elf`, which the tenders read with, as a process that is asked for one image after the other. */
class InRust {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string) {
    this.#child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
  }

  async verdict(bytes: Uint8Array, memBytes: number): Promise<Verdict> {
    const sizes = new BigUint64Array([BigInt(memBytes), BigInt(bytes.length)]);
    this.#child.stdin?.write(Buffer.concat([new Uint8Array(sizes.buffer), bytes]));
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the reader in Rust has ended");
    return value.startsWith("+") ? JSON.parse(value.slice(1)) : undefined;
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, "close");
  }
}

let rust: InRust;

beforeAll(() => {
  const words = ["build", "--locked", "--package=solo5-elf", "--example=verdicts"];
  const { status, stdout } = spawnSync("cargo", [...words, "--message-format=json-render-diagnostics"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  });
  expect(status).toBe(0);
  const artifacts = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  const program = artifacts.find(({ target, executable }) => target?.name === "verdicts" && executable);
  rust = new InRust(program.executable);
}, 600_000);
afterAll(() => rust.end());

describe.each(CORPUS)("$why", ({ image, accepted }) => {
  it(`is ${accepted ? "accepted" : "refused"} by both readers, which find the same in it`, async () => {
    const found = inTypeScript(image, MEM);
    expect(found !== undefined, "in TypeScript").toBe(accepted);
    expect(await rust.verdict(image, MEM)).toEqual(found);
  });
});

describe("the tender for spt", () => {
  it("gives the verdict of the readers about each image of the corpus", async () => {
    for (const [index, { why, image, accepted }] of CORPUS.entries()) {
      const path = join(folder, `${index}.spt`);
      writeFileSync(path, image);
      const { status, stderr } = await execute(binaryPath(), [`--mem=${MEM_MIB}`, path]);
      const isRefused = status === 1 && /: (not a Solo5 image|invalid image|cannot be loaded): /.test(stderr);
      expect(isRefused, `${why}: status ${status}: ${stderr}`).toBe(!accepted);
    }
  });
});

const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const LINKED = link({
  base: baseImage(),
  manifest: MANIFEST,
  program: { buildId: ENGINE, bytecode: filler(300, 9) },
});

/** `bytes` with words written over them that break readers, mostly in headers and notes. */
function hostile(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const headers = 64 + 56 * (bytes[56] ?? 0);
  const notes = Buffer.from(bytes).indexOf("Solo5\0") - 12;
  const places = fc.oneof(
    { weight: 6, arbitrary: fc.nat(headers) },
    { weight: 3, arbitrary: fc.nat(0x200).map((at) => Math.min(notes + at, bytes.length - 8)) },
    { weight: 1, arbitrary: fc.nat(bytes.length - 8) },
  );
  const edges = [
    0n,
    1n,
    2n,
    5n,
    6n,
    8n,
    12n,
    20n,
    0x1000n,
    0x40000000n,
    0x100000n,
    0xfffffn,
    BigInt(MEM),
    BigInt(MEM) - 1n,
  ];
  const values = fc.oneof(
    fc.constantFrom(...edges, 1n << 53n, 1n << 63n, 2n ** 64n - 1n, 2n ** 64n - 4096n),
    fc.bigInt({ min: 0n, max: 0x200n }).map((page) => 0x100000n + page * 0x800n),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  );
  return mutationsOf(bytes, places, values, 4);
}

describe("both readers", () => {
  const sources: Record<string, Uint8Array> = {
    "the smallest image": image(),
    "an image in upstream's layout": upstreamImage("hvt", MANIFEST),
    "an image of ours": LINKED,
  };

  it.each(Object.entries(sources))("agree about whatever becomes of %s", async (_, source) => {
    let agreed = { accepted: 0, refused: 0 };
    const memories = fc.constantFrom(MEM, 2 << 20, 0x108000, 1 << 30, Number.MAX_SAFE_INTEGER);
    await fc.assert(
      fc.asyncProperty(hostile(source), memories, async (bytes, memBytes) => {
        const found = inTypeScript(bytes, memBytes);
        const expected = await rust.verdict(bytes, memBytes);
        if (found === "ours") expect(expected).toBeDefined();
        else expect(found).toEqual(expected);
        if (expected === undefined) agreed = { ...agreed, refused: agreed.refused + 1 };
        else agreed = { ...agreed, accepted: agreed.accepted + 1 };
      }),
      { numRuns: 6_000 },
    );
    // Otherwise the mutations are no good.
    expect(agreed.accepted).toBeGreaterThan(300);
    expect(agreed.refused).toBeGreaterThan(300);
  });
});
