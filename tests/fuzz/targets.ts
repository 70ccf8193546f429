// What the fuzzers of the readers in TypeScript try, and what has to hold of whatever they come up with.
import { match, ok, strictEqual, throws } from "node:assert";
import { spawnSync } from "node:child_process";
import {
  diff,
  format,
  formatDiff,
  formatVerification,
  ImageError,
  link,
  read,
  toJson,
  verify,
} from "@uk/image";
import {
  createManifest,
  decodeDevices,
  decodeNote,
  encodeNote,
  ISSUES_MAX,
  type Manifest,
  ManifestError,
  type ManifestIssue,
  NoteError,
  parse,
  print,
  readAbi,
  readDevices,
  readManifest,
  toC,
  validate,
} from "@uk/manifest";
import { baseImage, ENGINE, filler, upstreamImage } from "../../packages/image/src/testing/elf-builder.ts";
import { readCorpus } from "../support/corpus.ts";
import { verdict } from "../support/verdict.ts";
import { mutateImage } from "./mutate-image.ts";
import { mutateJson } from "./mutate-json.ts";
import { Random } from "./random.ts";

export interface Target {
  readonly make: (random: Random) => Uint8Array;
  /** Throws if something does not hold, and returns what became of each input: for the numbers at the end. */
  readonly check: (inputs: readonly Uint8Array[]) => string[];
}

/** Guest memory; the last byte of e_ident, which nobody reads, says which. */
const MEMORIES = [16 << 20, 2 << 20, 0x108000, 1 << 30, Number.MAX_SAFE_INTEGER];

const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const PROGRAM = { buildId: ENGINE, bytecode: filler(300, 9) };
const BASES = [baseImage()];
const LINKED = link({ base: baseImage(), manifest: MANIFEST, program: PROGRAM });
/** Images that say what they are made of: JSON of any kind, most of it no bill of materials. */
const DESCRIBED = Array.from({ length: 20 }, (_, index) => {
  const component = `{"name":"@uk/miou","version":"1.2.3","licenses":[{"license":{"id":"ISC"}}]}`;
  const json = new TextDecoder().decode(mutateJson(new Random(1, index)));
  const sbom = index % 2 === 0 ? json : `{"bomFormat":"CycloneDX","components":[${component},${json}]}`;
  const debugId = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0";
  return link({ base: baseImage(), manifest: MANIFEST, program: PROGRAM, debugId, sbom });
});

/** Images that are changed: upstream's layout, ours, and those of the corpus that do not only make it slower. */
const SMALL = readCorpus()
  .filter(({ image }) => image.size < 8192)
  .map(({ image, verdict }) => ({ bytes: image.read(0, image.size), isGood: verdict.startsWith("+") }));
const IMAGES = [
  ...SMALL.filter(({ isGood }) => isGood).flatMap(({ bytes }) => [bytes, bytes, bytes]),
  ...SMALL.map(({ bytes }) => bytes),
  ...Array.from({ length: 10 }, () => [
    upstreamImage("hvt", MANIFEST),
    upstreamImage("spt", MANIFEST),
    LINKED,
  ]).flat(),
  ...DESCRIBED,
];

const ABI = encodeNote({ type: "solo5.abi", target: "spt", version: 2 });
const DEVICES_63 = Array.from({ length: 63 }, (_, n) => ({ name: `n${n}`, type: "NET_BASIC" as const }));
/** The last is the largest there is, and takes as much longer. */
const NOTES = [
  ...Array.from({ length: 8 }, () => [ABI, encodeNote(createManifest([])), encodeNote(MANIFEST)]).flat(),
  encodeNote(createManifest(DEVICES_63)),
];

/** Both say the same. What is compared are plain values, millions of times. */
function same(found: unknown, expected: unknown): void {
  strictEqual(JSON.stringify(found), JSON.stringify(expected));
}

/** What a terminal shows and does not act upon. */
const TEXT = /^[\n\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;
const ONE_LINE = /^[ -~]{1,2000}$/;

/** What a call gives, or its error, which has to be of this type and one line. */
function outcome<T>(call: () => T, type: new (...words: never[]) => Error): T | undefined {
  try {
    return call();
  } catch (error) {
    ok(error instanceof type, error instanceof Error ? error.stack : `${error}`);
    match(error.message, ONE_LINE);
    if (error instanceof ManifestError) {
      for (const { message } of error.issues) match(message, ONE_LINE);
      ok(error.issues.length <= ISSUES_MAX);
    }
    return undefined;
  }
}

/** A target whose inputs are looked at one by one. */
function oneByOne(make: Target["make"], check: (input: Uint8Array) => string | undefined): Target {
  return { make, check: (inputs) => inputs.map((input) => check(input) ?? "refused") };
}

export const TARGETS: Readonly<Record<string, Target>> = {
  /** `parse` and `validate` of @uk/manifest. */
  manifest: oneByOne(mutateJson, (bytes) => {
    const text = new TextDecoder().decode(bytes);
    const manifest = outcome(() => parse(bytes), ManifestError);
    const value = parsed(text);
    if (manifest === undefined) {
      // Bytes that are not UTF-8, or begin with a mark, are another text when they are decoded.
      if (outcome(() => parse(text), ManifestError) !== undefined) {
        ok(Buffer.compare(new TextEncoder().encode(text), bytes) !== 0);
        return undefined;
      }
      if (value !== undefined && outcome(() => validate(value), ManifestError) !== undefined) {
        // Only what a value does not say any more can be wrong with its text.
        throws(
          () => parse(text),
          ({ issues }) => issues.some(isOfTheText),
        );
      }
      return undefined;
    }
    same(parse(text), manifest);
    same(validate(value), manifest);
    checkSound(manifest);
    return "accepted";
  }),

  /** `decodeNote` and `decodeDevices` of @uk/manifest. */
  notes: oneByOne(makeNote, (note) => {
    const found = outcome(() => decodeNote(note), NoteError);
    const manifest = outcome(() => decodeNote(note, "MFT1"), NoteError);
    const abi = outcome(() => decodeNote(note, "ABI1"), NoteError);
    const devices = outcome(() => decodeDevices(note), NoteError);
    same(found, manifest ?? abi);
    same(devices && createManifest(devices.map(({ name, type }) => ({ name, type }))), manifest);
    if (manifest !== undefined) checkSound(manifest);
    return manifest === undefined ? abi && "ABI" : "manifest";
  }),

  /** `read`, `verify`, `diff` and their texts of @uk/image, and what @uk/manifest reads of images. */
  images: oneByOne(makeImage, (image) => {
    const [abi, manifest, devices] = [
      outcome(() => readAbi(image), ImageError),
      outcome(() => readManifest(image), ImageError),
      outcome(() => readDevices(image), ImageError),
    ];
    same(devices && createManifest(devices.map(({ name, type }) => ({ name, type }))), manifest);
    const memBytes = memoryOf(image);
    match(formatVerification(verify(image, { memBytes })), TEXT);
    const differences = outcome(() => diff(image, LINKED), ImageError);
    const info = outcome(() => read(image, { memBytes }), ImageError);
    strictEqual(differences === undefined, info === undefined);
    if (info === undefined) return undefined;
    same([info.abi, info.manifest, info.devices], [abi, manifest, devices]);
    match(format(info), TEXT);
    match(formatDiff(differences ?? []), TEXT);
    JSON.stringify(toJson(info));
    if (info.refusals.length > 0) return "read, but refused by tenders";
    return info.program === undefined ? "accepted" : "accepted, ours";
  }),

  /** `link` of @uk/image with a base image that is none. */
  link: oneByOne(
    (random) => mutateImage(random, BASES),
    (base) => {
      const image = outcome(() => link({ base, manifest: MANIFEST, program: PROGRAM }), ImageError);
      if (image === undefined) return undefined;
      const info = read(image, { memBytes: Number.MAX_SAFE_INTEGER });
      same(info.manifest, MANIFEST);
      strictEqual(info.program?.bytecodeSize, PROGRAM.bytecode.length);
      return "linked";
    },
  ),

  /** The readers in TypeScript and in Rust: the same verdict on the same bytes. */
  readers: {
    make: makeImage,
    check: (images) => {
      const expected = inRust(images);
      return images.map((image, index) => {
        const found = verdict(image, memoryOf(image));
        // Of several things that are wrong with an image, readers may name different ones.
        const [first = ""] = (expected[index] ?? "").split(" ");
        if (found.startsWith("-")) strictEqual(first, "-");
        else strictEqual(found, expected[index]);
        return first === "+" ? "accepted" : "refused";
      });
    },
  },
};

/** A key twice, what is too deep in the first of its values, and `1.0` for 1. */
function isOfTheText({ code, path }: ManifestIssue): boolean {
  return code === "DUPLICATE_KEY" || code === "TOO_DEEP" || (code === "WRONG_TYPE" && path === ".version");
}

/** As the engine reads it, `undefined` if it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A manifest that was accepted can be written, and read back, in all forms. */
function checkSound(manifest: Manifest): void {
  same(parse(print(manifest)), manifest);
  same(decodeNote(encodeNote(manifest), "MFT1"), manifest);
  match(toC(manifest), /^[\t\n -~]+$/);
}

function makeImage(random: Random): Uint8Array {
  return mutateImage(random, IMAGES);
}

/** A note alone: its image is a PT_NOTE, so that changes know where it is. */
function makeNote(random: Random): Uint8Array {
  const note = random.of(NOTES);
  const image = new Uint8Array(120 + note.length);
  const view = new DataView(image.buffer);
  view.setBigUint64(32, 64n, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 4, true);
  view.setBigUint64(72, 120n, true);
  image.set(note, 120);
  return mutateImage(random, [image]).subarray(120);
}

function memoryOf(image: Uint8Array): number {
  return MEMORIES[(image[15] ?? 0) % MEMORIES.length] as number;
}

/** The verdicts of `crates/solo5-elf` (its example `verdicts`), which the tenders read with. */
function inRust(images: readonly Uint8Array[]): string[] {
  const input = Buffer.alloc(images.reduce((sum, image) => sum + 16 + image.length, 0));
  let at = 0;
  for (const image of images) {
    input.writeBigUInt64LE(BigInt(memoryOf(image)), at);
    input.writeBigUInt64LE(BigInt(image.length), at + 8);
    input.set(image, at + 16);
    at += 16 + image.length;
  }
  const program = process.env.UK_FUZZ_VERDICTS ?? "";
  const { status, stdout, error } = spawnSync(program, { input, encoding: "utf8", maxBuffer: 1 << 30 });
  strictEqual(status, 0, `verdicts, ${program}: ${error}`);
  return stdout.trimEnd().split("\n");
}
