import { readFileSync } from "node:fs";
import { createManifest, encodeNote, type Manifest, ManifestError } from "@uk/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ImageError,
  type ImageErrorCode,
  type ImageSource,
  link,
  type NoteKind,
  read,
  verify,
} from "./index.ts";
import {
  baseImage,
  basePieces,
  buildElf,
  ENGINE,
  filler,
  PT,
  R,
  upstreamImage,
  W,
  X,
} from "./testing/elf-builder.ts";
import { type Edit, mutationsOf, u8, u16, u32, u64 } from "./testing/mutations.ts";
import { brokenRule } from "./testing/tender-rules.ts";

const MEM = 512 * 1024 * 1024;
const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const LINKED = link({
  base: baseImage(),
  manifest: MANIFEST,
  program: { buildId: ENGINE, bytecode: filler(300, 9) },
});

/** Where the fields of program header `index` lie. */
const FIELD = { type: 0, flags: 4, offset: 8, vaddr: 16, filesz: 32, memsz: 40, align: 48 };
const at = (index: number, field: keyof typeof FIELD) => 64 + 56 * index + FIELD[field];
/** The program headers of `LINKED`. */
const [TEXT, RODATA, DATA, PROGRAM, ABI, BUILD_ID, MFT] = [1, 2, 3, 4, 6, 7, 8] as const;

const noted = (kind: NoteKind, owner: string, type: number, offset: number, size: number, head?: number) => {
  const contentOffset = offset + (head ?? 12 + Math.ceil((owner.length + 1) / 4) * 4);
  return { kind, owner, type, offset, contentOffset, size };
};

function edited(...edits: Edit[]): Uint8Array {
  const image = LINKED.slice();
  const view = new DataView(image.buffer);
  for (const edit of edits) edit(view);
  return image;
}

/** The first thing that is wrong with an image: why it was refused, or what it says itself. */
function wrong(image: Uint8Array, memBytes = MEM): { code: ImageErrorCode; why: string } | undefined {
  try {
    const { refusals, faults } = read(image, { memBytes });
    const [first] = [...refusals, ...faults];
    return first && { code: first.code, why: first.message };
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}

function refusal(image: Uint8Array, memBytes = MEM): { code: ImageErrorCode; why: string } {
  const found = wrong(image, memBytes);
  if (found === undefined) throw new Error("the image was accepted");
  return found;
}

/** Whether a tender of ours loads it, as `verify` has it. */
function isLoaded(image: Uint8Array, by = "ours"): boolean {
  return verify(image, { memBytes: MEM }).verdicts.some((verdict) => verdict.by === by && verdict.loads);
}

describe("read", () => {
  it("reads back what link linked", () => {
    expect(read(LINKED)).toEqual({
      abi: { type: "solo5.abi", target: "spt", targetNumber: 2, version: 2 },
      manifest: MANIFEST,
      devices: [
        { handle: 1, name: "service", type: "NET_BASIC" },
        { handle: 2, name: "disk", type: "BLOCK_BASIC" },
      ],
      entry: 0x100020,
      segments: [
        { vaddr: 0x100000, memsz: 0x1230, filesz: 0x1230, offset: 0x1000, flags: "R-X" },
        { vaddr: 0x102000, memsz: 0x300, filesz: 0x300, offset: 0x3000, flags: "R--" },
        { vaddr: 0x103000, memsz: 0x3210, filesz: 0x450, offset: 0x4000, flags: "RW-" },
        { vaddr: 0x107000, memsz: 0x1000, filesz: 0x1000, offset: 0x5000, flags: "R--" },
      ],
      kernelEnd: 0x108000,
      imageEnd: 0x108000,
      sizes: {
        file: 0x6000,
        loaded: 0x1230 + 0x300 + 0x450 + 0x1000,
        memory: 0x1230 + 0x300 + 0x3210 + 0x1000,
      },
      writeXorExecute: true,
      notes: [
        noted("not_openbsd", "OpenBSD", 1, 0x3000, 4),
        noted("abi", "Solo5", 0x31494241, 0x3018, 16, 20),
        noted("base build id", "uk", 0x31444955, 0x303c, 32),
        noted("manifest", "Solo5", 0x3154464d, 0x5048, 324, 20),
        noted("image id", "GNU", 3, 0x4450, 20),
      ].map((note, at) => ({ ...note, header: 5 + at })),
      id: Buffer.from(LINKED.subarray(0x4460, 0x4474)).toString("hex"),
      buildId: Buffer.from(ENGINE).toString("hex"),
      engine: undefined,
      debugId: undefined,
      sbom: undefined,
      refusals: [],
      faults: [],
      program: {
        vaddr: 0x107000,
        offset: 0x5000,
        size: 0x1000,
        bytecodeOffset: 0x51a0,
        bytecodeSize: 300,
        stack: 8 << 20,
      },
    });
  });

  it.each(["hvt", "spt"] as const)(
    "reads an image in upstream's %s layout, whose bss is a segment of its own",
    (target) => {
      const image = upstreamImage(target, MANIFEST);
      expect(brokenRule(image, BigInt(MEM))).toBeUndefined();
      const info = read(image);
      expect(info).toMatchObject({
        abi: { target, version: 2 },
        manifest: MANIFEST,
        kernelEnd: 0x106000,
        imageEnd: 0x309ca0,
        buildId: undefined,
        program: undefined,
        writeXorExecute: true,
      });
      const flags = info.segments.map((segment) => segment.flags);
      expect(flags).toEqual(target === "hvt" ? ["--X", "R--", "RW-", "RW-"] : ["R-X", "RW-", "RW-"]);
      expect(info.segments.at(-1)).toMatchObject({ filesz: 0, offset: 0, memsz: 0x203ca0 });
    },
  );

  it("finds bytes that lie in the middle of their buffer", () => {
    const room = new Uint8Array(LINKED.length + 100);
    room.set(LINKED, 13);
    expect(read(room.subarray(13, 13 + LINKED.length))).toEqual(read(LINKED));
  });

  /** The image as the beginning of a file with a tail of holes, and how much of it was read. */
  function sparse(image: Uint8Array, size: number): { source: ImageSource; count: () => number } {
    let read = 0;
    const source = {
      size,
      read(offset: number, length: number): Uint8Array {
        expect(offset + length).toBeLessThanOrEqual(size);
        read += length;
        const bytes = new Uint8Array(length);
        bytes.set(image.subarray(offset, offset + length));
        return bytes;
      },
    };
    return { source, count: () => read };
  }

  it("reads an image piece by piece, and no more than it needs", () => {
    const size = 2 ** 45;
    for (const image of [LINKED, upstreamImage("spt", MANIFEST)]) {
      const whole = read(image);
      const { source, count } = sparse(image, size);
      expect(read(source)).toEqual({ ...whole, sizes: { ...whole.sizes, file: size } });
      expect(count()).toBeLessThan(2 * image.length);
    }
  });

  it("answers at once for an image of ours that says that it begins far behind", () => {
    const far = edited(u64(at(PROGRAM, "offset"), 2 ** 44), u64(at(MFT, "offset"), 2 ** 44 + 72));
    const { source } = sparse(far, 2 ** 45);
    const moved: ImageSource = {
      size: source.size,
      read: (offset, length) => source.read(offset >= 2 ** 44 ? offset - 2 ** 44 + 0x5000 : offset, length),
    };
    expect(read(moved).faults).toEqual([
      expect.objectContaining({
        code: "BAD_PROGRAM",
        message: expect.stringMatching(/^the program ends at byte \d+ of the file, after/),
      }),
    ]);
  });

  it("refuses a file that becomes shorter while it is read", () => {
    const { source } = sparse(LINKED, LINKED.length);
    const short: ImageSource = {
      ...source,
      read: (offset, length) => source.read(offset, length).subarray(1),
    };
    expect(() => read(short)).toThrow(/^image: TRUNCATED: the file has become shorter/);
  });

  it("refuses arguments of another type", () => {
    const wrong = [undefined, null, 5, "x", new ArrayBuffer(64), {}, { size: 5 }, { size: "5", read() {} }];
    for (const image of wrong) expect(() => read(image as Uint8Array)).toThrow(TypeError);
    for (const options of [null, 5, "x", [], { memBytes: "5" }, { memBytes: 5n }, { memBytes: null }]) {
      expect(() => read(LINKED, options as object)).toThrow(TypeError);
    }
  });

  it("measures an image against the memory it is given", () => {
    expect(read(LINKED, { memBytes: 0x108000 }).kernelEnd).toBe(0x108000);
    expect(refusal(LINKED, 0x107fff).code).toBe("SEGMENT_OUTSIDE_MEMORY");
    expect(refusal(LINKED, 1 << 20).code).toBe("BAD_ENTRY");
    const upstream = upstreamImage("hvt", MANIFEST);
    expect(read(upstream, { memBytes: 0x309ca0 }).imageEnd).toBe(0x309ca0);
    expect(refusal(upstream, 0x309c9f).why).toMatch(
      /\(bss\) ends at 0x309ca0, above the memory's end 0x309c9f/,
    );
    for (const memBytes of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
      expect(() => read(LINKED, { memBytes })).toThrow(RangeError);
    }
  });

  it.each<{ why: string; image: Uint8Array; code: ImageErrorCode }>([
    { why: "an empty file", image: new Uint8Array(), code: "TRUNCATED" },
    { why: "a file that ends in the ELF header", image: LINKED.subarray(0, 63), code: "TRUNCATED" },
    { why: "a script", image: new TextEncoder().encode("#!/bin/sh\n"), code: "NOT_ELF" },
    { why: "a 32-bit file", image: edited(u8(4, 1)), code: "WRONG_CLASS" },
    { why: "a big-endian file", image: edited(u8(5, 2)), code: "WRONG_BYTE_ORDER" },
    { why: "a file for another machine", image: edited(u16(18, 183)), code: "WRONG_MACHINE" },
    { why: "a position-independent executable", image: edited(u16(16, 3)), code: "LINUX_EXECUTABLE" },
    { why: "an object file", image: edited(u16(16, 1)), code: "NOT_EXECUTABLE" },
    { why: "a core file", image: edited(u16(16, 4)), code: "NOT_EXECUTABLE" },
    { why: "another ELF version", image: edited(u32(20, 2)), code: "BAD_ELF_HEADER" },
    { why: "another size of the ELF header", image: edited(u16(52, 63)), code: "BAD_ELF_HEADER" },
    { why: "another size of program headers", image: edited(u16(54, 64)), code: "BAD_ELF_HEADER" },
    { why: "no program headers", image: edited(u16(56, 0)), code: "BAD_ELF_HEADER" },
    { why: "more program headers than bytes", image: edited(u16(56, 0xffff)), code: "TRUNCATED" },
    { why: "program headers beyond the file", image: edited(u64(32, 2n ** 64n - 1n)), code: "TRUNCATED" },
    { why: "an entry point below the image", image: edited(u64(24, 0xfffff)), code: "BAD_ENTRY" },
    { why: "an entry point above memory", image: edited(u64(24, MEM)), code: "BAD_ENTRY" },
    {
      why: "a segment below 1 MiB (L1)",
      image: edited(u64(at(TEXT, "vaddr"), 0xff000)),
      code: "SEGMENT_TOO_LOW",
    },
    {
      why: "descending segments (L2)",
      image: edited(u64(at(DATA, "vaddr"), 0x101fff)),
      code: "SEGMENT_ORDER",
    },
    { why: "no alignment (L3)", image: edited(u64(at(TEXT, "align"), 0)), code: "SEGMENT_ALIGNMENT" },
    {
      why: "an odd alignment (L3)",
      image: edited(u64(at(TEXT, "align"), 0x1800)),
      code: "SEGMENT_ALIGNMENT",
    },
    {
      why: "an alignment of 2 MiB (L4)",
      image: edited(u64(at(TEXT, "align"), 1 << 21)),
      code: "SEGMENT_ALIGNMENT",
    },
    {
      why: "the largest alignment (L4)",
      image: edited(u64(at(TEXT, "align"), 1n << 63n)),
      code: "SEGMENT_ALIGNMENT",
    },
    { why: "a shared page (L5)", image: edited(u64(at(RODATA, "vaddr"), 0x101ff0)), code: "SEGMENT_OVERLAP" },
    {
      why: "overlap by alignment (L5)",
      image: edited(u64(at(RODATA, "align"), 1 << 14)),
      code: "SEGMENT_OVERLAP",
    },
    {
      why: "a segment above memory (L6)",
      image: edited(u64(at(PROGRAM, "vaddr"), MEM)),
      code: "SEGMENT_OUTSIDE_MEMORY",
    },
    {
      why: "an address near 2^64 (L6)",
      image: edited(u64(at(PROGRAM, "vaddr"), 2n ** 64n - 16n)),
      code: "SEGMENT_OUTSIDE_MEMORY",
    },
    {
      why: "less memory than content (L7)",
      image: edited(u64(at(DATA, "memsz"), 0x44f)),
      code: "SEGMENT_SIZES",
    },
    {
      why: "a huge bss (L8)",
      image: edited(u64(at(DATA, "memsz"), 2n ** 64n - 1n)),
      code: "SEGMENT_OUTSIDE_MEMORY",
    },
    { why: "a cut file (L9)", image: LINKED.subarray(0, -1), code: "TRUNCATED" },
    {
      why: "an offset near 2^64 (L9)",
      image: edited(u64(at(DATA, "offset"), 2n ** 64n - 1n)),
      code: "TRUNCATED",
    },
    { why: "an alignment of 1 (L10)", image: edited(u64(at(TEXT, "align"), 1)), code: "SEGMENT_ALIGNMENT" },
    {
      why: "a W+X segment (L11)",
      image: edited(u32(at(DATA, "flags"), R | W | X)),
      code: "WRITE_AND_EXECUTE",
    },
    { why: "a PT_NOTE of 11 bytes (N3)", image: edited(u64(at(ABI - 1, "filesz"), 11)), code: "BAD_NOTE" },
    { why: "a note beyond the file (N5)", image: edited(u64(at(ABI, "offset"), 0x5fed)), code: "TRUNCATED" },
    { why: "an oversized manifest note (N8)", image: edited(u32(0x5048 + 4, 6669)), code: "BAD_NOTE" },
    {
      why: "a manifest note longer than its PT_NOTE (N9)",
      image: edited(u64(at(MFT, "filesz"), 0x157)),
      code: "BAD_NOTE",
    },
    { why: "a manifest of padding alone (N10)", image: edited(u32(0x5048 + 4, 4)), code: "BAD_NOTE" },
    { why: "a short ABI note", image: edited(u32(0x3018 + 4, 4)), code: "BAD_NOTE" },
    { why: "an image without a target", image: edited(u32(at(ABI, "type"), 0)), code: "NO_ABI" },
    { why: "an image without a manifest", image: edited(u32(at(MFT, "type"), 0)), code: "NO_MANIFEST" },
    { why: "a base image", image: baseImage(), code: "NO_MANIFEST" },
    {
      why: "a static executable of the host",
      image: edited(...[ABI, MFT].map((index) => u32(at(index, "type"), 0))),
      code: "LINUX_EXECUTABLE",
    },
    { why: "a build id of 31 bytes", image: edited(u32(0x303c + 4, 31)), code: "BAD_PROGRAM" },
    { why: "a program for another base image", image: edited(u8(0x5000 + 8, 0xff)), code: "BAD_PROGRAM" },
    { why: "a writable program", image: edited(u32(at(PROGRAM, "flags"), R | W)), code: "BAD_PROGRAM" },
    { why: "a program of another size", image: edited(u64(0x5000 + 40, 0x2000)), code: "BAD_PROGRAM" },
    { why: "bytecode off its alignment", image: edited(u64(0x5000 + 48, 0x1a8)), code: "BAD_PROGRAM" },
    { why: "bytecode over the manifest", image: edited(u64(0x5000 + 48, 0x190)), code: "BAD_PROGRAM" },
    { why: "bytecode over the end", image: edited(u64(0x5000 + 56, 0xe61)), code: "BAD_PROGRAM" },
    { why: "a program segment of another version", image: edited(u8(0x5000 + 6, 0x31)), code: "BAD_PROGRAM" },
    { why: "no stack", image: edited(u64(0x5000 + 64, 0)), code: "BAD_PROGRAM" },
    { why: "a stack of half a page", image: edited(u64(0x5000 + 64, 0x80_0800)), code: "BAD_PROGRAM" },
    { why: "a stack near 2^64", image: edited(u64(0x5000 + 64, 2n ** 64n - 4096n)), code: "BAD_PROGRAM" },
    {
      why: "a bytecode length near 2^64",
      image: edited(u64(0x5000 + 56, 2n ** 64n - 1n)),
      code: "BAD_PROGRAM",
    },
    { why: "a manifest elsewhere", image: edited(u64(at(MFT, "vaddr"), 0x107040)), code: "BAD_PROGRAM" },
  ])("refuses $why with $code", ({ image, code }) => {
    const found = refusal(image);
    expect(found.code).toBe(code);
    expect(found.why).toMatch(/^[ -~]+$/);
    if (found instanceof ImageError) expect(found.message).toBe(`image: ${code}: ${found.why}`);
    expect(verify(image)).toMatchObject({ ok: false });
    expect(isLoaded(image)).toBe(code === "BAD_PROGRAM");
  });

  it.each<{ rule: string; image: Uint8Array }>([
    { rule: "entry", image: edited(u64(24, MEM)) },
    { rule: "L1", image: edited(u64(at(TEXT, "vaddr"), 0xff000)) },
    { rule: "L2", image: edited(u64(at(DATA, "vaddr"), 0x101fff)) },
    { rule: "L3", image: edited(u64(at(TEXT, "align"), 0x1800)) },
    { rule: "L4", image: edited(u64(at(TEXT, "align"), 1 << 21)) },
    { rule: "L5", image: edited(u64(at(RODATA, "vaddr"), 0x101ff0)) },
    { rule: "L6", image: edited(u64(at(PROGRAM, "vaddr"), MEM)) },
    { rule: "L7", image: edited(u64(at(DATA, "memsz"), 0x44f)) },
    { rule: "L8", image: edited(u64(at(DATA, "memsz"), 2n ** 64n - 1n)) },
    { rule: "L9", image: edited(u64(at(DATA, "offset"), 2n ** 64n - 1n)) },
    { rule: "L10", image: edited(u64(at(TEXT, "align"), 1)) },
    { rule: "L11", image: edited(u32(at(DATA, "flags"), R | W | X)) },
  ])("names the rule $rule that an image breaks, and shows the rest of it", ({ rule, image }) => {
    const { refusals, abi, devices, segments } = read(image);
    expect(refusals[0]?.rule).toBe(rule);
    expect(brokenRule(image, BigInt(MEM))).toBe(rule);
    expect({ target: abi.target, devices: devices.length, segments: segments.length }).toEqual({
      target: "spt",
      devices: 2,
      segments: 4,
    });
  });

  it("tells all rules that are broken, each segment's first, and not more than 64", () => {
    const image = edited(u64(24, 0), u64(at(TEXT, "align"), 3), u32(at(DATA, "flags"), R | W | X));
    expect(read(image).refusals.map(({ rule }) => rule)).toEqual(["entry", "L3", "L11"]);
    const pieces = Array.from({ length: 1000 }, () => ({
      type: PT.LOAD,
      flags: R,
      vaddr: 1,
      offset: 0,
      filesz: 1,
    }));
    const many = [...Object.values(basePieces()), ...pieces];
    const room = 64 + 56 * many.length;
    const moved = many.map((piece) => ({ ...piece, offset: piece.offset + room }));
    const manifest = {
      type: PT.NOTE,
      flags: R,
      vaddr: 0,
      offset: room + 0x8000,
      content: encodeNote(MANIFEST),
    };
    expect(read(buildElf([...moved, manifest])).refusals).toHaveLength(64);
  });

  it("reads images of targets that have no tender here, and of unknown ones", () => {
    for (const [number, target] of [
      [3, "virtio"],
      [4, "muen"],
      [5, "genode"],
      [6, "xen"],
      [99, "unknown"],
    ] as const) {
      const image = upstreamImage("spt", MANIFEST);
      const abi = Buffer.from(image).indexOf("Solo5\0\0\0\x02\0\0\0\x02", "latin1") + 8;
      new DataView(image.buffer).setUint32(abi, number, true);
      expect(read(image)).toMatchObject({ abi: { target, targetNumber: number }, refusals: [] });
      expect(verify(image)).toMatchObject({ ok: false });
      expect(isLoaded(image)).toBe(false);
    }
  });

  it("tells a base image from one of somebody else's, and keeps the cause of a bad note", () => {
    expect(refusal(baseImage()).why).toMatch(/a base image, which has to be linked with a program first/);
    expect(refusal(edited(u32(at(MFT, "type"), 0), u32(at(BUILD_ID, "type"), 0))).why).toBe(
      "no manifest note",
    );
    expect(refusal(edited(u32(0x5048 + 24, 2)))).toMatchObject({ cause: { code: "UNSUPPORTED_VERSION" } });
  });

  it("refuses the very program that runs this test", () => {
    const error = refusal(readFileSync(process.execPath));
    expect(["LINUX_EXECUTABLE", "NOT_ELF"]).toContain(error.code);
  });

  it("says that W^X does not hold when a segment without content is writable and executable", () => {
    const pieces = basePieces();
    pieces.stack = {
      type: PT.LOAD,
      flags: R | W | X,
      vaddr: 0x107000,
      offset: 0x5000,
      filesz: 0,
      memsz: 0x1000,
    };
    const program = { buildId: ENGINE, bytecode: filler(10, 1) };
    const info = read(link({ base: baseImage(pieces), manifest: MANIFEST, program }));
    expect(info.writeXorExecute).toBe(false);
  });

  it.each([
    { what: "a program without a build id", edit: u32(at(BUILD_ID, "type"), 0) },
    { what: "a build id without a program", edit: u64(0x5000, 0) },
  ])("refuses $what", ({ edit }) => {
    expect(refusal(edited(edit)).code).toBe("BAD_PROGRAM");
  });

  it("answers for the largest header table in one pass", () => {
    const count = 0xffff;
    const image = new Uint8Array(64 + 56 * count);
    image.set(LINKED.subarray(0, 64));
    const view = new DataView(image.buffer);
    view.setUint16(56, count, true);
    for (let index = 0; index < count; index++) {
      image.set(LINKED.subarray(64 + 56 * ABI, 64 + 56 * (ABI + 1)), 64 + 56 * index);
    }
    expect(refusal(image).code).toBe("LINUX_EXECUTABLE");
  });
});

describe("read and hostile bytes", () => {
  /** `image` with words of the kind that break readers written over it, mostly in the headers. */
  function hostile(image: Uint8Array): fc.Arbitrary<Uint8Array> {
    const places = fc.oneof(
      { weight: 4, arbitrary: fc.nat(64 + 56 * 9) },
      { weight: 1, arbitrary: fc.nat(0x600).map((offset) => 0x5000 + offset) },
      { weight: 1, arbitrary: fc.nat(0x100).map((offset) => 0x3000 + offset) },
      { weight: 1, arbitrary: fc.nat(image.length - 8) },
    );
    const values = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(0n, 1n, 2n, 0x1000n, 0x100000n, 0x107000n, 1n << 53n, 1n << 63n, 2n ** 64n - 1n),
    );
    return mutationsOf(image, places, values, 3);
  }

  const mutations = fc.oneof(hostile(LINKED), hostile(upstreamImage("hvt", MANIFEST)));

  it("never accepts an image that a tender would refuse", () => {
    fc.assert(
      fc.property(mutations, (image) => {
        if (wrong(image) === undefined) expect(brokenRule(image, BigInt(MEM))).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses an image that a tender would load only for the rules that are ours", () => {
    const ours: ImageErrorCode[] = [
      "BAD_NOTE",
      "BAD_PROGRAM",
      "DAMAGED",
      "SEGMENT_OUTSIDE_MEMORY",
      "SEGMENT_TOO_LOW",
    ];
    fc.assert(
      fc.property(mutations, (image) => {
        const found = wrong(image);
        if (found !== undefined && brokenRule(image, BigInt(MEM)) === undefined) {
          expect(ours).toContain(found.code);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses an image of ours in which any one bit has changed", () => {
    fc.assert(
      fc.property(fc.nat(LINKED.length - 1), fc.nat(7), (where, bit) => {
        const damaged = LINKED.slice();
        damaged[where] = (damaged[where] as number) ^ (1 << bit);
        expect(wrong(damaged)).toBeDefined();
        expect(verify(damaged).ok).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it("answers random bytes with a typed error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const image = LINKED.slice(0, 64 + bytes.length);
        image.set(bytes, bytes.length % 2 === 0 ? 0 : 64);
        expect(wrong(image)).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it("links a mutated base image to a sound image, or refuses it with a typed error", () => {
    const program = { buildId: ENGINE, bytecode: filler(100, 3) };
    fc.assert(
      fc.property(hostile(baseImage()), (base) => {
        let image: Uint8Array;
        try {
          image = link({ base, manifest: MANIFEST, program });
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
          return;
        }
        expect(brokenRule(image, 1n << 48n)).toBeUndefined();
        const { manifest, refusals, faults } = read(image, { memBytes: 2 ** 48 });
        expect({ manifest, refusals, faults }).toEqual({ manifest: MANIFEST, refusals: [], faults: [] });
      }),
      { numRuns: 5_000 },
    );
  });

  it("lets the manifest's own error through to whoever links a wrong one", () => {
    const manifest = createManifest([]);
    const program = { buildId: ENGINE, bytecode: filler(1, 1) };
    const wrong = { ...manifest, devices: [{ name: "a b", type: "NET_BASIC" }] } as unknown as Manifest;
    expect(() => link({ base: baseImage(), manifest: wrong, program })).toThrow(ManifestError);
    expect(encodeNote(manifest)).toHaveLength(136);
  });
});
