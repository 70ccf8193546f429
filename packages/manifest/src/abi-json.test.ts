import { describe, expect, it } from "vitest";
import {
  type AbiTarget,
  createManifest,
  decodeDevices,
  decodeNote,
  encodeNote,
  format,
  ManifestError,
  NoteError,
  parse,
  print,
  toC,
  validate,
} from "./index.ts";

/** The code of the first issue, or the devices. */
function outcomeOf(json: string | Uint8Array): unknown {
  try {
    return parse(json).devices;
  } catch (error) {
    if (error instanceof ManifestError) return error.code;
    throw error;
  }
}

const document = (devices: string): string => `{"type":"solo5.manifest","version":1,"devices":[${devices}]}`;
const NET_A = '{"name":"a","type":"NET_BASIC"}';
const A = [{ name: "a", type: "NET_BASIC" }];

/** A note of two devices, `net0` and `disk0`, with bytes and words overwritten. */
function patched(...edits: readonly [at: number, bytes: number | string][]): Uint8Array {
  const note = encodeNote(
    createManifest([
      { name: "net0", type: "NET_BASIC" },
      { name: "disk0", type: "BLOCK_BASIC" },
    ]),
  );
  for (const [at, value] of edits) {
    if (typeof value === "number") new DataView(note.buffer).setUint32(at, value, true);
    else for (let i = 0; i < value.length; i++) note[at + i] = value.charCodeAt(i);
  }
  return note;
}
const NAME = (entry: number): number => 32 + 104 * entry;
const TYPE = (entry: number): number => NAME(entry) + 68;

function codeOf(note: Uint8Array): string {
  try {
    decodeNote(note);
    return "accepted";
  } catch (error) {
    if (error instanceof NoteError) return error.code;
    throw error;
  }
}

describe("a well-formed document that upstream accepts, by ABI section 1.4, is accepted", () => {
  it.each([
    { why: "no white space", json: document(NET_A) },
    {
      why: "all four kinds of white space, everywhere",
      json: ` \t\r\n${document(NET_A).replace(/[{}[\],:]/g, " \t\r\n$& \n")}\n\n`,
    },
    {
      why: "keys in any order",
      json: `{"devices":[{"type":"NET_BASIC","name":"a"}],"version":1,"type":"solo5.manifest"}`,
    },
    { why: "a slash that is escaped or not", json: `${document(NET_A).slice(0, -1)},"$schema":"a\\/b/c"}` },
    {
      why: "every short escape",
      json: `${document(NET_A).slice(0, -1)},"$schema":"\\"\\\\\\/\\b\\f\\n\\r\\t"}`,
    },
    {
      why: "\\u with digits of either case",
      json: document(NET_A).replace("NET_BASIC", "\\u004e\\u0045T\\u005fB\\u0041SI\\u0043"),
    },
    { why: "\\u in a key", json: document(NET_A).replace('"name"', '"n\\u0061m\\u0065"') },
    {
      why: "a surrogate pair",
      json: `${document(NET_A).slice(0, -1)},"$schema":"\\ud83d\\ude00 \u{1f600}"}`,
    },
    {
      why: "surrogates that are alone",
      json: `${document(NET_A).slice(0, -1)},"$schema":"\\ud83d \\ude00"}`,
    },
    {
      why: "\\u0000 where a text is not used",
      json: `${document(NET_A).slice(0, -1)},"$schema":"a\\u0000b"}`,
    },
    {
      why: "raw DEL and letters beyond ASCII",
      json: `${document(NET_A).slice(0, -1)},"$schema":"\u007f\u0080é"}`,
    },
  ])("$why", ({ json }) => {
    expect(outcomeOf(json)).toEqual(A);
    expect(outcomeOf(new TextEncoder().encode(json))).toEqual(A);
  });

  it.each(["1", "1 ", "1\t", "1\r\n"])("a number may be followed by white space: %j", (version) => {
    expect(outcomeOf(`{"devices":[],"type":"solo5.manifest","version":${version}}`)).toEqual([]);
  });

  it("a name of all letters and digits", () => {
    const name = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    expect(outcomeOf(document(`{"name":"${name}","type":"BLOCK_BASIC"}`))).toEqual([
      { name, type: "BLOCK_BASIC" },
    ]);
  });
});

describe("a well-formed document that upstream refuses, by ABI section 1.4, is refused for the same reason", () => {
  it.each([
    { version: "-1", code: "UNSUPPORTED_VERSION" },
    { version: "-0", code: "UNSUPPORTED_VERSION" },
    { version: "0", code: "UNSUPPORTED_VERSION" },
    { version: "2", code: "UNSUPPORTED_VERSION" },
    { version: "9223372036854775807", code: "UNSUPPORTED_VERSION" },
    { version: "18446744073709551617", code: "UNSUPPORTED_VERSION" },
    { version: "4294967297", code: "UNSUPPORTED_VERSION" },
    { version: "1.0", code: "WRONG_TYPE" },
    { version: "1e0", code: "WRONG_TYPE" },
    { version: "1E+0", code: "WRONG_TYPE" },
    { version: "10e-1", code: "WRONG_TYPE" },
    { version: "true", code: "WRONG_TYPE" },
    { version: '"1"', code: "WRONG_TYPE" },
    { version: "[1]", code: "WRONG_TYPE" },
    { version: "null", code: "WRONG_TYPE" },
  ])("$version as version: $code", ({ version, code }) => {
    expect(outcomeOf(`{"type":"solo5.manifest","version":${version},"devices":[]}`)).toBe(code);
  });

  it.each([
    { why: "a surrogate in a name", name: "\\ud800", code: "NAME_NOT_ALPHANUMERIC" },
    { why: "letters beyond ASCII, of 66 bytes", name: "é".repeat(33), code: "NAME_NOT_ALPHANUMERIC" },
    { why: "letters beyond ASCII, of 68 bytes", name: "é".repeat(34), code: "NAME_TOO_LONG" },
    { why: "23 letters of 3 bytes", name: "\\u20ac".repeat(23), code: "NAME_TOO_LONG" },
    { why: "a space", name: "a b", code: "NAME_NOT_ALPHANUMERIC" },
  ])("$why: $code", ({ name, code }) => {
    expect(outcomeOf(document(`{"name":"${name}","type":"NET_BASIC"}`))).toBe(code);
  });
});

describe("a QUIRK of upstream is closed", () => {
  it("ABI section 1.2: duplicate names are refused, in documents, values and notes", () => {
    expect(outcomeOf(document(`${NET_A},${NET_A}`))).toBe("DUPLICATE_NAME");
    expect(() => validate(JSON.parse(document(`${NET_A},${NET_A}`)))).toThrow(/DUPLICATE_NAME/);
    expect(codeOf(patched([NAME(2), "net0\0"], [TYPE(2), 2]))).toBe("DUPLICATE_NAME");
  });

  it.each(["NET", "BLOCK_BASIC }, {", "NET_BASIC\\u0000", "RESERVED_FIRST", "net_basic", ""])(
    "ABI section 1.2: the device type %j, which would go into C, is refused",
    (type) => {
      expect(outcomeOf(document(`{"name":"a","type":"${type}"}`))).toBe("UNKNOWN_DEVICE_TYPE");
    },
  );

  it.each([
    '{"type":"x","type":"solo5.manifest","version":1,"devices":[]}',
    '{"type":"solo5.manifest","version":2,"version":1,"devices":[]}',
    `{"type":"solo5.manifest","version":1,"devices":[${NET_A}],"devices":[${NET_A}]}`,
    document('{"name":"a","name":"a","type":"NET_BASIC"}'),
    document('{"name":"a","type":"NET_BASIC","type":"NET_BASIC"}'),
  ])("ABI section 1.2: repeated keys are refused: %s", (json) => {
    expect(outcomeOf(json)).toBe("DUPLICATE_KEY");
  });

  it.each(["tru", "trux", "falsx", "nulx", "nul", "True"])("ABI section 1.4: %s is no literal", (literal) => {
    expect(outcomeOf(`{"type":${literal}}`)).toBe("SYNTAX");
  });

  it("ABI section 1.4: \\u0000 does not end a text", () => {
    expect(outcomeOf(document('{"name":"a\\u0000b","type":"NET_BASIC"}'))).toBe("NAME_NOT_ALPHANUMERIC");
    expect(outcomeOf('{"type":"solo5.manifest\\u0000","version":1,"devices":[]}')).toBe("NOT_A_MANIFEST");
    expect(outcomeOf('{"type\\u0000":"solo5.manifest","version":1,"devices":[]}')).toBe("UNKNOWN_KEY");
  });

  it.each(["1.", "1e", "1e+", "01", "-", "+1", ".1", "1\f", "1\v"])(
    "ABI section 1.4: %j is no number",
    (number) => {
      expect(outcomeOf(`{"version":${number}}`)).toBe("SYNTAX");
    },
  );

  it.each([
    `[${NET_A}${NET_A}]`,
    `[${NET_A},,${NET_A}]`,
    `[${NET_A},]`,
    "[,]",
    '[{"name":"a" "type":"NET_BASIC"}]',
    '[{"name":"a","type":"NET_BASIC",}]',
  ])("ABI section 1.4: commas are neither optional nor repeated nor trailing: %s", (devices) => {
    expect(outcomeOf(`{"type":"solo5.manifest","version":1,"devices":${devices}}`)).toBe("SYNTAX");
  });

  it.each([" x", "{}", "\u0000", ",", " null"])(
    "ABI section 1.4: after the root is nothing, not %j",
    (rest) => {
      expect(outcomeOf(document(NET_A) + rest)).toBe("SYNTAX");
    },
  );

  it("ABI section 1.6: no comma trails when the last entries are reserved, and no name is printed raw", () => {
    const last = decodeNote(patched([TYPE(2), 0x40000000]), "MFT1");
    expect(JSON.parse(format(last))).toEqual(JSON.parse(print(last)));
    expect(format(last)).toContain('{ "name": "net0", "type": "NET_BASIC" }\n  ]');
    for (const name of ['a"\0', "\u001b[2J\0", "a\n\0", "\u00ff\0"])
      expect(codeOf(patched([NAME(1), name]))).toBe("BAD_NAME");
  });

  it("ABI section 2.3: names, types and stale properties of a note do not go unchecked", () => {
    expect(codeOf(patched([NAME(1), "a b\0"]))).toBe("BAD_NAME");
    expect(codeOf(patched([NAME(1), "\0"]))).toBe("BAD_NAME");
    expect(codeOf(patched([TYPE(1), 0]))).toBe("UNKNOWN_DEVICE_TYPE");
    expect(codeOf(patched([TYPE(1), 3]))).toBe("UNKNOWN_DEVICE_TYPE");
    const stale = patched([TYPE(1) + 4, 0xffffffff], [TYPE(1) + 8, 0xffffffff], [TYPE(1) + 20, 7]);
    expect(encodeNote(decodeNote(stale, "MFT1"))).toEqual(patched());
  });

  it("ABI section 2.5: an ABI note shorter than 8 bytes is refused, not read past its end", () => {
    for (let size = 0; size < 8; size++) {
      const note = encodeNote({ type: "solo5.abi", target: "hvt", version: 2 });
      new DataView(note.buffer).setUint32(4, size, true);
      expect(codeOf(note)).toBe("BAD_DESCRIPTOR_SIZE");
    }
  });
});

describe("toC, by ABI section 1.5", () => {
  const C = toC(
    createManifest([
      { name: "net0", type: "NET_BASIC" },
      { name: "disk0", type: "BLOCK_BASIC" },
    ]),
  );

  it("defines MFT_ENTRIES, devices and one, before it includes the header", () => {
    expect(C.indexOf("#define MFT_ENTRIES 3\n")).toBeGreaterThan(0);
    expect(C.indexOf('#include "mft_abi.h"\n')).toBeGreaterThan(C.indexOf("#define MFT_ENTRIES 3\n"));
  });

  it("has one initializer between the two macros, with version, entries and each device", () => {
    expect(C.match(/MFT1_NOTE_DECLARE_BEGIN[^;]*MFT1_NOTE_DECLARE_END/g)).toHaveLength(1);
    expect(C.replace(/\s+/g, " ")).toContain(
      [
        "{ .version = MFT_VERSION, .entries = MFT_ENTRIES, .e = {",
        '[0] = { .name = "", .type = MFT_RESERVED_FIRST },',
        '[1] = { .name = "net0", .type = MFT_DEV_NET_BASIC },',
        '[2] = { .name = "disk0", .type = MFT_DEV_BLOCK_BASIC }, }, }',
      ].join(" "),
    );
  });
});

describe("notes, by ABI sections 1.7 and 2.4", () => {
  it.each([
    { number: 1, target: "hvt" },
    { number: 2, target: "spt" },
    { number: 3, target: "virtio" },
    { number: 4, target: "muen" },
    { number: 5, target: "genode" },
    { number: 6, target: "xen" },
  ] as { number: number; target: AbiTarget }[])(
    "$target is number $number, with any version",
    ({ number, target }) => {
      const note = encodeNote({ type: "solo5.abi", target, version: 0xffffffff });
      expect(new DataView(note.buffer).getUint32(20, true)).toBe(number);
      expect(decodeNote(note, "ABI1")).toMatchObject({ target, targetNumber: number, version: 0xffffffff });
    },
  );

  it("handles are the places of the entries", () => {
    expect(decodeDevices(patched()).map(({ handle, name }) => [handle, name])).toEqual([
      [1, "net0"],
      [2, "disk0"],
    ]);
  });
});
