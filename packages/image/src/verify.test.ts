import { createManifest } from "@uk/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatVerification, link, verify } from "./index.ts";
import { baseImage, basePieces, ENGINE, filler, PT, R, upstreamImage, W, X } from "./testing/elf-builder.ts";
import { type Edit, mutationsOf, u8, u32, u64 } from "./testing/mutations.ts";
import { brokenRule } from "./testing/tender-rules.ts";

const MEM = 512 << 20;
const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const PROGRAM = { buildId: ENGINE, bytecode: filler(300, 9) };
const OURS = link({ base: baseImage(), manifest: MANIFEST, program: PROGRAM });

function edited(image: Uint8Array, ...edits: Edit[]): Uint8Array {
  const copy = image.slice();
  for (const edit of edits) edit(new DataView(copy.buffer));
  return copy;
}

/** Who loads it, as `upstream spt`. */
function loaders(image: Uint8Array, memBytes = MEM): string[] {
  const { verdicts } = verify(image, { memBytes });
  return verdicts.filter(({ loads }) => loads).map(({ by, target }) => `${by} ${target}`);
}

function failing(image: Uint8Array): string[] {
  return verify(image)
    .checks.filter(({ holds }) => holds === false)
    .map(({ name, reasons }) => `${name}: ${reasons.join("; ")}`);
}

describe("verify", () => {
  it.each(["spt", "hvt"] as const)("has an image of ours for %s loaded by both of its tenders", (target) => {
    const image = link({ base: baseImage(basePieces(target)), manifest: MANIFEST, program: PROGRAM });
    expect(loaders(image)).toEqual([`upstream ${target}`, `ours ${target}`]);
    const { ok, checks } = verify(image);
    expect(ok).toBe(true);
    expect(checks.map(({ holds }) => holds)).toEqual(Array(6).fill(true));
  });

  it.each(["spt", "hvt"] as const)(
    "has one of upstream's for %s loaded too, and leaves out what is ours",
    (target) => {
      const image = upstreamImage(target, MANIFEST);
      expect(loaders(image)).toEqual([`upstream ${target}`, `ours ${target}`]);
      const { ok, checks } = verify(image);
      expect(ok).toBe(true);
      expect(checks.map(({ holds }) => holds)).toEqual([true, true, true, undefined, undefined, undefined]);
    },
  );

  it("has a bss outside of memory refused by ours alone", () => {
    const image = upstreamImage("spt", MANIFEST);
    expect(loaders(image, 0x309c9f)).toEqual(["upstream spt"]);
  });

  it("counts the network ring of upstream's hvt as memory of the guest", () => {
    const image = (manifest = MANIFEST) =>
      link({ base: baseImage(basePieces("hvt")), manifest, program: PROGRAM });
    expect(loaders(image(), 0x107000)).toEqual(["upstream hvt"]);
    expect(loaders(image(createManifest([])), 0x107000)).toEqual([]);
  });

  it.each([
    { why: "of one name", at: "disk", name: "service\0", type: 2 },
    { why: "with a name beyond letters", at: "disk", name: "a b\0", type: 1 },
    { why: "of an unknown type", at: "disk", name: "disk\0", type: 7 },
  ])("has devices $why refused by ours alone", ({ at, name, type }) => {
    const image = upstreamImage("spt", MANIFEST);
    const where = Buffer.from(image).indexOf(at);
    image.set(new TextEncoder().encode(name), where);
    new DataView(image.buffer).setUint32(where + 68, type, true);
    if (type === 2) new DataView(image.buffer).setUint32(where - 104 + 68, 2, true);
    expect(loaders(image)).toEqual(["upstream spt"]);
    expect(verify(image).ok).toBe(false);
  });

  it("has an image of another version loaded by none", () => {
    const image = edited(OURS, u32(0x3018 + 24, 3));
    expect(loaders(image)).toEqual([]);
    const reasons = verify(image).verdicts.map(({ reasons }) => reasons[0]?.code);
    expect(reasons).toEqual(["WRONG_VERSION", "WRONG_TARGET", "WRONG_VERSION", "WRONG_TARGET"]);
  });

  it("says of what is no image that nobody loads it", () => {
    for (const bytes of [new Uint8Array(), filler(500, 1), OURS.subarray(0, 200)]) {
      const { ok, verdicts } = verify(bytes);
      expect({ ok, loads: verdicts.map(({ loads }) => loads) }).toEqual({
        ok: false,
        loads: Array(4).fill(false),
      });
    }
    expect(() => verify(5 as never)).toThrow(TypeError);
    expect(() => verify(OURS, { memBytes: 0 })).toThrow(RangeError);
  });

  it("names the check that fails", () => {
    const field = (index: number, at: number) => 64 + 56 * index + at;
    expect(failing(OURS)).toEqual([]);
    expect(failing(edited(OURS, u32(field(5, 0), 0)))).toContain(
      "notes: the first PT_NOTE is not not_openbsd",
    );
    expect(failing(edited(OURS, u64(field(8, 48), 8)))).toContainEqual(
      "notes: the PT_NOTE of the manifest note, header 8, is aligned to 8, not 4",
    );
    expect(failing(edited(OURS, u64(field(8, 32), 0x160)))).toContainEqual(
      "notes: the manifest note has 344 bytes, its PT_NOTE 352",
    );
    expect(failing(edited(OURS, u32(field(0, 0), 0)))).toContainEqual(
      "interpreter: there is no PT_INTERP: a host that is asked to may execute the image",
    );
    expect(failing(edited(OURS, u8(0x1001, 0x6c)))).toContainEqual(
      "interpreter: its PT_INTERP is not /nonexistent/solo5/, so a host may execute it",
    );
    expect(failing(edited(OURS, u8(0x5000 + 8, 0xff)))[0]).toMatch(/^program: the program was compiled for/);
    const damaged = failing(edited(OURS, u8(0x51a0, 0)));
    expect(damaged.map((line) => line.split(":")[0])).toEqual(["checksum", "image id"]);
  });

  it("does not call memory W^X when a segment without content is writable and executable", () => {
    const pieces = basePieces();
    pieces.stack = { type: PT.LOAD, flags: R | W | X, vaddr: 0x107000, offset: 0, filesz: 0, memsz: 0x1000 };
    const image = link({ base: baseImage(pieces), manifest: MANIFEST, program: PROGRAM });
    expect(loaders(image)).toEqual(["upstream spt", "ours spt"]);
    expect(failing(image)).toEqual(["W^X: a segment is writable and executable"]);
    expect(verify(image).ok).toBe(false);
  });

  it("gives upstream's verdict by upstream's rules, whatever becomes of an image", () => {
    const places = (image: Uint8Array) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.nat(64 + 56 * 9) },
        { weight: 1, arbitrary: fc.nat(image.length - 8) },
      );
    const values = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(0n, 1n, 2n, 0x1000n, 0x100000n, 0x107000n, 1n << 53n, 1n << 63n, 2n ** 64n - 1n),
    );
    const noRing = createManifest([{ name: "disk", type: "BLOCK_BASIC" }]);
    const sources = [
      link({ base: baseImage(), manifest: noRing, program: PROGRAM }),
      upstreamImage("hvt", noRing),
    ];
    fc.assert(
      fc.property(fc.oneof(...sources.map((one) => mutationsOf(one, places(one), values, 3))), (image) => {
        const broken = brokenRule(image, BigInt(MEM));
        const own = verify(image).verdicts.filter(({ by, reasons }) => {
          return by === "upstream" && !reasons.some(({ code }) => code.startsWith("WRONG_"));
        });
        for (const { loads, reasons } of own) {
          if (loads) expect(broken).toBeUndefined();
          // ABI section 9 #14: a short ABI note, of which upstream reads what is behind it.
          else if (broken === undefined) expect(reasons.map(({ code }) => code)).toEqual(["BAD_NOTE"]);
        }
      }),
      { numRuns: 4_000 },
    );
  });

  it("is a table for people", () => {
    expect(formatVerification(verify(OURS))).toBe(`tender or check       verdict  why
upstream's solo5-spt  loads
upstream's solo5-hvt  refuses  the image is for spt (abi)
solo5-spt             loads
solo5-hvt             refuses  the image is for spt (abi)
W^X                   holds
notes                 holds
interpreter           holds
program               holds
checksum              holds
image id              holds
`);
  });
});
