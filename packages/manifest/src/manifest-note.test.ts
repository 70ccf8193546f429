import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createManifest,
  decodeDevices,
  decodeNote,
  encodeNote,
  type Manifest,
  ManifestError,
  NoteError,
} from "./index.ts";
import { manifest, mutationsOf } from "./testing/arbitraries.ts";

const SAMPLE = createManifest([
  { name: "net0", type: "NET_BASIC" },
  { name: "disk0", type: "BLOCK_BASIC" },
]);

function refusal(bytes: Uint8Array): NoteError {
  try {
    decodeNote(bytes, "MFT1");
  } catch (error) {
    if (error instanceof NoteError) return error;
    throw error;
  }
  throw new Error("the note was accepted");
}

/** The sample's note with 32-bit words and bytes overwritten. */
function patched({
  words = {},
  bytes = {},
}: {
  words?: Record<number, number>;
  bytes?: Record<number, number>;
}) {
  const note = encodeNote(SAMPLE);
  const view = new DataView(note.buffer);
  for (const [at, value] of Object.entries(words)) view.setUint32(Number(at), value, true);
  for (const [at, value] of Object.entries(bytes)) note[Number(at)] = value;
  return note;
}

const ENTRY = (index: number) => 32 + 104 * index;

describe("encodeNote", () => {
  it.each([
    { devices: 0, descriptor: 0x74, note: 0x88 },
    { devices: 1, descriptor: 0xdc, note: 0xf0 },
    { devices: 2, descriptor: 0x144, note: 0x158 },
    { devices: 63, descriptor: 6668, note: 6688 },
  ])("has the sizes of ABI section 2.2 for $devices devices", ({ devices, descriptor, note }) => {
    const declared = Array.from({ length: devices }, (_, i) => ({
      name: `d${i}`,
      type: "NET_BASIC" as const,
    }));
    const bytes = encodeNote(createManifest(declared));
    expect(bytes).toHaveLength(note);
    expect(new DataView(bytes.buffer).getUint32(4, true)).toBe(descriptor);
  });

  it("puts every field at its offset and zeroes the rest", () => {
    const expected = new Uint8Array(24 + 8 + 3 * 104);
    const view = new DataView(expected.buffer);
    const text = (at: number, value: string) => expected.set(new TextEncoder().encode(value), at);
    view.setUint32(0, 6, true);
    view.setUint32(4, 12 + 3 * 104, true);
    text(8, "MFT1Solo5");
    view.setUint32(24, 1, true);
    view.setUint32(28, 3, true);
    view.setUint32(32 + 68, 1 << 30, true);
    text(32 + 104, "net0");
    view.setUint32(32 + 104 + 68, 2, true);
    text(32 + 208, "disk0");
    view.setUint32(32 + 208 + 68, 1, true);
    expect(encodeNote(SAMPLE)).toEqual(expected);
  });

  it("refuses an invalid manifest", () => {
    const invalid = { ...SAMPLE, devices: [{ name: "", type: "NET_BASIC" }] } as unknown as Manifest;
    expect(() => encodeNote(invalid)).toThrow(ManifestError);
  });
});

describe("decodeNote", () => {
  it("gives back what encodeNote wrote, wherever the bytes lie", () => {
    fc.assert(
      fc.property(manifest, fc.nat(9), (m, shift) => {
        const note = encodeNote(m);
        const room = new Uint8Array(note.length + 20).fill(0xee);
        room.set(note, shift);
        expect(decodeNote(room.subarray(shift), "MFT1")).toEqual(m);
      }),
    );
  });

  it.each([
    { why: "an empty note", note: new Uint8Array(), code: "TRUNCATED" },
    { why: "half a head", note: encodeNote(SAMPLE).subarray(0, 19), code: "TRUNCATED" },
    { why: "a name of another length", note: patched({ words: { 0: 5 } }), code: "NOT_SOLO5" },
    { why: "another name", note: patched({ bytes: { 12: 0x73 } }), code: "NOT_SOLO5" },
    { why: "an ABI note", note: patched({ words: { 8: 0x31494241 } }), code: "WRONG_NOTE_TYPE" },
    { why: "an empty descriptor", note: patched({ words: { 4: 0 } }), code: "BAD_DESCRIPTOR_SIZE" },
    {
      why: "a descriptor over the limit",
      note: patched({ words: { 4: 6669 } }),
      code: "BAD_DESCRIPTOR_SIZE",
    },
    { why: "nothing but padding", note: patched({ words: { 4: 4 } }), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "less than padding", note: patched({ words: { 4: 3 } }), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "half a structure", note: patched({ words: { 4: 11 } }), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "a cut descriptor", note: encodeNote(SAMPLE).subarray(0, -1), code: "TRUNCATED" },
    { why: "another version", note: patched({ words: { 24: 2 } }), code: "UNSUPPORTED_VERSION" },
    { why: "too many entries", note: patched({ words: { 28: 65 } }), code: "BAD_ENTRY_COUNT" },
    { why: "more entries than bytes", note: patched({ words: { 28: 4 } }), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "fewer entries than bytes", note: patched({ words: { 28: 2 } }), code: "BAD_DESCRIPTOR_SIZE" },
    { why: "no entries", note: patched({ words: { 4: 12, 28: 0 } }), code: "BAD_ENTRY_COUNT" },
    { why: "a device in entry 0", note: patched({ words: { 100: 1 } }), code: "BAD_RESERVED_ENTRY" },
    { why: "a name in entry 0", note: patched({ bytes: { 32: 0x61 } }), code: "BAD_RESERVED_ENTRY" },
    {
      why: "a name without an end",
      note: patched({ bytes: { [ENTRY(1) + 67]: 0x61 } }),
      code: "NAME_NOT_TERMINATED",
    },
    { why: "an attached device", note: patched({ bytes: { [ENTRY(2) + 96]: 1 } }), code: "ALREADY_ATTACHED" },
    { why: "an empty device name", note: patched({ bytes: { [ENTRY(1)]: 0 } }), code: "BAD_NAME" },
    { why: "a name beyond ASCII", note: patched({ bytes: { [ENTRY(1)]: 0xe9 } }), code: "BAD_NAME" },
    {
      why: "an unknown type",
      note: patched({ words: { [ENTRY(1) + 68]: 3 } }),
      code: "UNKNOWN_DEVICE_TYPE",
    },
    {
      why: "the last type before the reserved ones",
      note: patched({ words: { [ENTRY(1) + 68]: 0x3fffffff } }),
      code: "UNKNOWN_DEVICE_TYPE",
    },
  ])("refuses $why with $code", ({ note, code }) => {
    expect(refusal(note)).toMatchObject({ code, note: "MFT1" });
  });

  it.each([0x40000000, 0xffffffff])("skips an entry of the reserved type %d, whatever its name", (type) => {
    const note = patched({ words: { [ENTRY(1) + 68]: type }, bytes: { [ENTRY(1)]: 0x1b } });
    expect(decodeNote(note, "MFT1").devices).toEqual(SAMPLE.devices.slice(1));
    expect(decodeDevices(note)).toEqual([{ handle: 2, ...SAMPLE.devices[1] }]);
  });

  it("refuses two devices of one name and type, and takes one of each type", () => {
    const note = encodeNote(SAMPLE);
    note.copyWithin(ENTRY(2), ENTRY(1), ENTRY(1) + 68);
    const [first, second] = decodeNote(note, "MFT1").devices;
    expect(second).toEqual({ name: first?.name, type: "BLOCK_BASIC" });
    note.copyWithin(ENTRY(2), ENTRY(1), ENTRY(1) + 72);
    expect(refusal(note)).toMatchObject({ code: "DUPLICATE_NAME" });
  });

  it("ignores what upstream ignores: properties, back ends, padding, bytes after a name and after the note", () => {
    const note = patched({
      words: { 20: 0xffffffff, [ENTRY(1) + 72]: 7, [ENTRY(1) + 88]: 7, [ENTRY(1) + 97]: 7 },
      bytes: { 18: 1, [ENTRY(1) + 6]: 0xff },
    });
    const longer = new Uint8Array(note.length + 8);
    longer.set(note);
    expect(decodeNote(longer, "MFT1")).toEqual(SAMPLE);
  });

  it.each([null, "note", new ArrayBuffer(136)])("says that it takes bytes, not %o", (value) => {
    const note = value as unknown as Uint8Array;
    expect(() => decodeNote(note)).toThrow(new TypeError("decodeNote: expected a Uint8Array"));
    expect(() => decodeNote(note, "MFT1")).toThrow(new TypeError("decodeNote: expected a Uint8Array"));
    expect(() => decodeDevices(note)).toThrow(new TypeError("decodeDevices: expected a Uint8Array"));
  });

  it("throws nothing but NoteError, and reads its own answer back, for mutated and random bytes", () => {
    const notes = fc.oneof(fc.uint8Array({ maxLength: 400 }), mutationsOf(encodeNote(SAMPLE)));
    fc.assert(
      fc.property(notes, (note) => {
        let decoded: Manifest;
        try {
          decoded = decodeNote(note, "MFT1");
        } catch (error) {
          expect(error).toBeInstanceOf(NoteError);
          return;
        }
        expect(decodeNote(encodeNote(decoded), "MFT1")).toEqual(decoded);
      }),
      { numRuns: 5_000 },
    );
  });
});
