import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ABI_TARGET_NUMBERS,
  type AbiDeclaration,
  type AbiTarget,
  abiTargetName,
  createManifest,
  decodeNote,
  encodeNote,
  isTarget,
  NoteError,
} from "./index.ts";
import { mutationsOf } from "./testing/arbitraries.ts";

const SPT = encodeNote({ type: "solo5.abi", target: "spt", version: 2 });

function patched(at: number, word: number): Uint8Array {
  const note = SPT.slice();
  new DataView(note.buffer).setUint32(at, word, true);
  return note;
}

describe("encodeNote of an ABI", () => {
  it("writes the 36 bytes of ABI section 2.4", () => {
    const text = "06000000 10000000 41424931 536f6c6f 35000000 02000000 02000000 00000000 00000000";
    expect(Buffer.from(SPT).toString("hex")).toBe(text.replaceAll(" ", ""));
  });

  it("refuses targets and versions that there are not", () => {
    expect(() => encodeNote({ type: "solo5.abi", target: "toString" as AbiTarget, version: 2 })).toThrow(
      RangeError,
    );
    for (const version of [-1, 1.5, 2 ** 32, Number.NaN]) {
      expect(() => encodeNote({ type: "solo5.abi", target: "hvt", version })).toThrow(RangeError);
    }
  });
});

describe("encodeNote of an ABI and other types", () => {
  it.each([{}, { target: 1, version: 2 }, { target: "hvt", version: "2" }])("refuses %j", (abi) => {
    const declaration = { type: "solo5.abi", ...abi } as AbiDeclaration;
    expect(() => encodeNote(declaration)).toThrow(/^encodeNote: /);
    expect(() => encodeNote(declaration)).toThrow(TypeError);
  });
});

describe("decodeNote of an ABI", () => {
  it("gives back every target and version", () => {
    const targets = fc.constantFrom(...(Object.keys(ABI_TARGET_NUMBERS) as AbiTarget[]));
    fc.assert(
      fc.property(targets, fc.integer({ min: 0, max: 0xffffffff }), (target, version) => {
        const targetNumber = ABI_TARGET_NUMBERS[target];
        expect(decodeNote(encodeNote({ type: "solo5.abi", target, version }))).toEqual({
          type: "solo5.abi",
          target,
          targetNumber,
          version,
        });
      }),
    );
  });

  it("calls a number without a name unknown", () => {
    expect(decodeNote(patched(20, 7))).toEqual({
      type: "solo5.abi",
      target: "unknown",
      targetNumber: 7,
      version: 2,
    });
    expect(abiTargetName(0)).toBe("unknown");
    expect(abiTargetName(6)).toBe("xen");
  });

  it.each([
    { why: "a descriptor shorter than its fields", note: patched(4, 7), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "a descriptor over the limit", note: patched(4, 33), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "a manifest note", note: patched(8, 0x3154464d), code: "WRONG_NOTE_TYPE" },
    { why: "another owner", note: patched(12, 0), code: "NOT_SOLO5" },
    { why: "a cut descriptor", note: SPT.subarray(0, 35), code: "TRUNCATED" },
  ])("refuses $why with $code", ({ note, code }) => {
    expect(() => decodeNote(note, "ABI1")).toThrow(
      expect.objectContaining({ name: "NoteError", code, note: "ABI1" }),
    );
  });

  it("reads a note of either kind when it is not told which", () => {
    expect(decodeNote(SPT)).toMatchObject({ type: "solo5.abi" });
    expect(decodeNote(encodeNote(createManifest([])))).toEqual(createManifest([]));
  });

  it.each([8, 15, 16, 32])("reads a descriptor of %d bytes, as tenders do", (size) => {
    const note = new Uint8Array(20 + size);
    note.set(SPT.subarray(0, 28));
    note[4] = size;
    expect(decodeNote(note, "ABI1")).toEqual({
      type: "solo5.abi",
      target: "spt",
      targetNumber: 2,
      version: 2,
    });
  });

  it("throws nothing but NoteError for mutated bytes", () => {
    fc.assert(
      fc.property(mutationsOf(SPT), (note) => {
        try {
          decodeNote(note, "ABI1");
        } catch (error) {
          expect(error).toBeInstanceOf(NoteError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("isTarget", () => {
  it.each([
    { name: "spt", is: true },
    { name: "hvt", is: true },
    { name: "virtio", is: false },
    { name: "", is: false },
    { name: "SPT", is: false },
    { name: "toString", is: false },
  ])("tells that $name is a target: $is", ({ name, is }) => {
    expect(isTarget(name)).toBe(is);
  });
});
