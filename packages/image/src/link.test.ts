import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManifest, encodeNote, type Manifest, ManifestError } from "@uk/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "./crc32.ts";
import { ImageError, type ImageErrorCode, type LinkInput, link, read } from "./index.ts";
import {
  type BasePieces,
  baseImage,
  basePieces,
  ENGINE,
  filler,
  note,
  PT,
  R,
  W,
  X,
} from "./testing/elf-builder.ts";
import { brokenRule } from "./testing/tender-rules.ts";

const MEM = 512n << 20n;
const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const BYTECODE = filler(5_000, 9);

function input(changes: Partial<LinkInput> = {}): LinkInput {
  return {
    base: baseImage(),
    manifest: MANIFEST,
    program: { buildId: ENGINE, bytecode: BYTECODE },
    ...changes,
  };
}

function withPieces(change: (pieces: BasePieces) => void): Uint8Array {
  const pieces = basePieces();
  change(pieces);
  return baseImage(pieces);
}

function refusal(changes: Partial<LinkInput>): ImageError {
  try {
    link(input(changes));
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error("the base image was accepted");
}

/** Every field of every program header, in plain numbers. */
function headersOf(image: Uint8Array) {
  const view = new DataView(image.buffer, image.byteOffset);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  return Array.from({ length: view.getUint16(56, true) }, (_, i) => {
    const at = 64 + 56 * i;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: u64(at + 8),
      vaddr: u64(at + 16),
      paddr: u64(at + 24),
      filesz: u64(at + 32),
      memsz: u64(at + 40),
      align: u64(at + 48),
    };
  });
}

describe("link", () => {
  it("writes the program headers in upstream's order, and drops the rest", () => {
    const program = { offset: 0x5000, vaddr: 0x107000, size: 0x2000 };
    const load = (flags: number, offset: number, vaddr: number, filesz: number, memsz = filesz) => {
      return { type: PT.LOAD, flags, offset, vaddr, paddr: vaddr, filesz, memsz, align: 0x1000 };
    };
    const noted = (offset: number, vaddr: number, filesz: number) => {
      return { type: PT.NOTE, flags: R, offset, vaddr, paddr: vaddr, filesz, memsz: filesz, align: 4 };
    };
    expect(headersOf(link(input()))).toEqual([
      { ...noted(0x1000, 0x100000, 24), type: PT.INTERP, align: 8 },
      load(R | X, 0x1000, 0x100000, 0x1230),
      load(R, 0x3000, 0x102000, 0x300),
      load(R | W, 0x4000, 0x103000, 0x450, 0x3210),
      load(R, program.offset, program.vaddr, program.size),
      noted(0x3000, 0x102000, 24),
      noted(0x3018, 0x102018, 36),
      noted(0x303c, 0x10203c, 48),
      noted(program.offset + 72, program.vaddr + 72, 0x158),
      { ...noted(0x4450, 0, 36), memsz: 0 },
    ]);
  });

  it("lays out the program segment as the guest expects it", () => {
    const image = link(input());
    const segment = image.subarray(0x5000);
    const view = new DataView(segment.buffer, segment.byteOffset);
    const manifestNote = encodeNote(MANIFEST);
    expect(segment).toHaveLength(0x2000);
    expect(new TextDecoder().decode(segment.subarray(0, 8))).toBe("UKPROG2\0");
    expect(segment.slice(8, 40)).toEqual(ENGINE);
    expect(view.getBigUint64(40, true)).toBe(0x2000n);
    const bytecodeAt = Number(view.getBigUint64(48, true));
    expect(bytecodeAt).toBe(Math.ceil((72 + manifestNote.length) / 16) * 16);
    expect(view.getBigUint64(56, true)).toBe(BigInt(BYTECODE.length));
    expect(view.getBigUint64(64, true)).toBe(8n << 20n);
    expect(segment.slice(72, 72 + manifestNote.length)).toEqual(manifestNote);
    expect(segment.slice(bytecodeAt, bytecodeAt + BYTECODE.length)).toEqual(BYTECODE);
    expect(segment.subarray(bytecodeAt + BYTECODE.length, -4).every((byte) => byte === 0)).toBe(true);
    expect(view.getUint32(segment.length - 4, true)).toBe(crc32(image.subarray(0, -4)));
  });

  it.each([256 << 10, 1 << 20, 2 ** 30])("gives the engine a stack of %i bytes", (stack) => {
    const image = link({ ...input(), stack });
    expect(new DataView(image.buffer).getBigUint64(0x5000 + 64, true)).toBe(BigInt(stack));
    expect(read(image).program?.stack).toBe(stack);
  });

  it.each([0, -4096, (256 << 10) - 4096, (1 << 20) + 1, 0.5, Number.NaN, 2 ** 30 + 4096])(
    "refuses a stack of %d bytes",
    (stack) => {
      expect(() => link({ ...input(), stack })).toThrow(RangeError);
    },
  );

  it("keeps the loaded bytes and leaves out section headers, symbols and what lies between segments", () => {
    const base = baseImage();
    base.fill(0xee, 0x3300, 0x4000); // no segment holds this
    const image = link(input({ base }));
    for (const [from, to] of [
      [0x1000, 0x2230],
      [0x3000, 0x3300],
      [0x4000, 0x4450],
    ] as const) {
      expect(image.slice(from, to)).toEqual(base.slice(from, to));
    }
    expect(image.subarray(0x3300, 0x4000).every((byte) => byte === 0)).toBe(true);
    expect(image.subarray(0x4474, 0x5000).every((byte) => byte === 0)).toBe(true);
    expect(image.slice(0, 32)).toEqual(base.slice(0, 32));
    expect([...image.slice(40, 48), ...image.slice(58, 64)]).toEqual(Array(14).fill(0));
  });

  it("gives the same bytes for the same input, and leaves the input alone", () => {
    const given = input();
    const before = structuredClone(given);
    expect(link(given)).toEqual(link(input()));
    expect(given).toEqual(before);
    const shifted = new Uint8Array(given.base.length + 3);
    shifted.set(given.base, 3);
    expect(link({ ...given, base: shifted.subarray(3) })).toEqual(link(given));
  });

  it("takes an hvt base with execute-only text and with a bss segment of its own", () => {
    const pieces = basePieces("hvt");
    pieces.text.flags = X;
    pieces.data.memsz = 0x450;
    pieces.stack = {
      type: PT.LOAD,
      flags: R | W,
      vaddr: 0x104000,
      offset: 0x5000,
      filesz: 0,
      memsz: 0x200001,
    };
    const image = link(input({ base: baseImage(pieces) }));
    expect(brokenRule(image, MEM)).toBeUndefined();
    expect(read(image)).toMatchObject({ abi: { target: "hvt" }, program: { vaddr: 0x305000 } });
  });

  it("makes images that the tenders' rules accept, for every manifest and program", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9]{1,67}$/), { maxLength: 63 });
    fc.assert(
      fc.property(
        names,
        fc.uint8Array({ minLength: 1, maxLength: 9_000 }),
        fc.integer({ min: 0x450, max: 0x400000 }),
        (deviceNames, bytecode, memsz) => {
          const devices = deviceNames.map(
            (name, i) => ({ name, type: i % 3 ? "NET_BASIC" : "BLOCK_BASIC" }) as const,
          );
          const manifest = createManifest(devices);
          const pieces = basePieces();
          pieces.data.memsz = memsz;
          const image = link({
            base: baseImage(pieces),
            manifest,
            program: { buildId: ENGINE, bytecode },
          });
          expect(brokenRule(image, MEM)).toBeUndefined();
          const info = read(image);
          const program = info.program;
          if (program === undefined) throw new Error("the program is lost");
          expect(info.manifest).toEqual(manifest);
          expect(program.vaddr).toBe(Math.ceil((0x103000 + memsz) / 4096) * 4096);
          expect(program.vaddr % 4096).toBe(program.offset % 4096);
          expect(program.offset + program.size).toBe(image.length);
          const { bytecodeOffset, bytecodeSize } = program;
          expect(image.slice(bytecodeOffset, bytecodeOffset + bytecodeSize)).toEqual(bytecode);
          expect(info).toMatchObject({ kernelEnd: program.vaddr + program.size, writeXorExecute: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("names both build ids when they differ", () => {
    const other = ENGINE.map((byte) => byte ^ 0xff);
    const { code, message } = refusal({ program: { buildId: other, bytecode: BYTECODE } });
    const [mine, theirs] = [other, ENGINE].map((id) => Buffer.from(id).toString("hex"));
    expect(code).toBe("BUILD_ID_MISMATCH");
    expect(message).toBe(
      `base image: BUILD_ID_MISMATCH: the bytecode was compiled for build id ${mine} but this one has build id ${theirs}: rebuild with matching packages`,
    );
  });

  it.each<{ why: string; base: Uint8Array; code: ImageErrorCode; text?: RegExp }>([
    { why: "an empty file", base: new Uint8Array(), code: "TRUNCATED" },
    { why: "something else", base: filler(500, 1), code: "NOT_ELF" },
    { why: "an image that is linked already", base: link(input()), code: "ALREADY_LINKED" },
    {
      why: "an image without a build id",
      base: withPieces((p) => {
        p.buildId.type = PT.DYNAMIC;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /no build id note/,
    },
    {
      why: "an image without a target",
      base: withPieces((p) => {
        p.abi.type = PT.DYNAMIC;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /no ABI note/,
    },
    {
      why: "an image without the note for OpenBSD",
      base: withPieces((p) => {
        p.notOpenbsd.type = PT.DYNAMIC;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /no not_openbsd note/,
    },
    {
      why: "an image without PT_INTERP",
      base: withPieces((p) => {
        p.interp.type = PT.DYNAMIC;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /exactly one PT_INTERP/,
    },
    {
      why: "an image that a host would execute",
      base: withPieces((p) => {
        p.text.content?.set(new TextEncoder().encode("/lib64/ld-linux.so\0"));
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /PT_INTERP is not/,
    },
    {
      why: "a PT_NOTE with two notes",
      base: withPieces((p) => {
        p.abi.filesz = 36 + 48;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /ABI note has 84 bytes, the note 36/,
    },
    {
      why: "a build id of another size",
      base: withPieces((p) => {
        p.rodata.content?.set(note("uk\0", 0x31444955, new Uint8Array(20)), 60);
      }),
      code: "BAD_PROGRAM",
    },
    {
      why: "an image with a manifest",
      base: withPieces((p) => {
        p.rodata.content?.set(encodeNote(createManifest([])), 0x100);
        p.stack = { ...p.abi, offset: 0x3100, vaddr: 0x102100, filesz: 136 };
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /manifest of its own/,
    },
    {
      why: "an entry point in data",
      base: baseImage(basePieces(), 0x103000),
      code: "NOT_A_BASE_IMAGE",
      text: /entry point 0x103000/,
    },
    {
      why: "segments aligned to more than a page",
      base: withPieces((p) => {
        p.text.align = 0x2000;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /aligned to 0x2000/,
    },
    {
      why: "a segment that cannot be mapped",
      base: withPieces((p) => {
        p.data.offset = 0x4010;
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /cannot be mapped/,
    },
    {
      why: "two segments with the same bytes of the file",
      base: withPieces((p) => {
        p.data = { ...p.data, content: undefined, offset: 0x3000, filesz: 0x300 };
      }),
      code: "NOT_A_BASE_IMAGE",
      text: /shares bytes/,
    },
    {
      why: "headers in the first segment",
      base: withPieces((p) => {
        p.interp = { ...p.interp, offset: 0x800, vaddr: 0x100800 };
        p.text.content?.copyWithin(0x800, 0, 24);
        p.text.offset = 0;
      }),
      code: "NO_ROOM_FOR_HEADERS",
    },
    {
      why: "writable text",
      base: withPieces((p) => {
        p.text.flags = R | W | X;
      }),
      code: "WRITE_AND_EXECUTE",
    },
  ])("refuses $why with $code", ({ base, code, text = /./ }) => {
    const error = refusal({ base });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain("\n");
  });

  it("refuses input of another type", () => {
    const program = { buildId: ENGINE, bytecode: BYTECODE };
    for (const one of [undefined, null, 5, [], {}]) expect(() => link(one as never)).toThrow(/^link: /);
    for (const one of [
      { base: { size: 5, read: () => new Uint8Array() } },
      { base: "x" },
      { program: null },
      { program: [] },
      { program: { ...program, buildId: "x".repeat(32) } },
      { program: { ...program, bytecode: [1] } },
    ])
      expect(() => link(input(one as never))).toThrow(TypeError);
  });

  it("refuses a caller's mistakes before it looks at the base image", () => {
    const base = new Uint8Array();
    const short = { buildId: new Uint8Array(31), bytecode: BYTECODE };
    expect(() => link(input({ base, program: short }))).toThrow(RangeError);
    expect(() => link(input({ base, program: { buildId: ENGINE, bytecode: base } }))).toThrow(RangeError);
    const manifest = { ...MANIFEST, version: 2 } as unknown as Manifest;
    expect(() => link(input({ base, manifest }))).toThrow(ManifestError);
  });

  const host = process.platform === "linux" && process.arch === "x64";
  if (!host) console.info("skipped: asking the host to execute an image (not Linux on x86_64)");
  it.skipIf(!host)("makes images that a Linux host refuses to execute", () => {
    const folder = mkdtempSync(join(tmpdir(), "uk-image-"));
    try {
      const file = join(folder, "app.spt");
      writeFileSync(file, link(input()), { mode: 0o755 });
      expect(spawnSync(file).error).toMatchObject({ code: "ENOENT" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
