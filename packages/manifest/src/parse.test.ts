import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManifestError, parse, print } from "./index.ts";
import { manifest, mutationsOf } from "./testing/arbitraries.ts";

function refusal(json: string | Uint8Array): ManifestError {
  try {
    parse(json);
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
  throw new Error("the manifest was accepted");
}

function withDevices(devices: string): string {
  return `{"type":"solo5.manifest","version":1,"devices":[${devices}]}`;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const NET_A = '{"name":"a","type":"NET_BASIC"}';
const BLOCK_A = '{"name":"a","type":"BLOCK_BASIC"}';

describe("parse", () => {
  it("reads a manifest from text and from bytes", () => {
    const json = withDevices(`{"name":"service","type":"NET_BASIC"},{"type":"BLOCK_BASIC","name":"disk"}`);
    const expected = {
      type: "solo5.manifest",
      version: 1,
      devices: [
        { name: "service", type: "NET_BASIC" },
        { name: "disk", type: "BLOCK_BASIC" },
      ],
    };
    expect(parse(json)).toEqual(expected);
    expect(parse(bytes(json))).toEqual(expected);
  });

  it("reads root members in any order, with white space and escapes", () => {
    const json = '\t{ "devices" :\r\n[ ] ,"version": 1, "\\u0074ype":"solo5\\u002emanifest" }\n';
    expect(parse(json).devices).toEqual([]);
  });

  it("reads a name of 67 characters and 63 devices", () => {
    const devices = Array.from(
      { length: 63 },
      (_, i) => `{"name":"${String(i).padStart(67, "x")}","type":"NET_BASIC"}`,
    );
    expect(parse(withDevices(devices.join())).devices).toHaveLength(63);
  });

  it.each([
    { why: "an empty text", json: "", path: "(root)" },
    { why: "a byte order mark", json: "\ufeff{}", path: "(root)" },
    { why: "text after the root", json: `${withDevices("")} x`, path: "(root)" },
    { why: "a second root", json: "{}{}", path: "(root)" },
    { why: "a trailing comma in an array", json: '{"devices":[{},]}', path: ".devices" },
    { why: "a trailing comma in an object", json: '{"version":1,}', path: "(root)" },
    { why: "a leading comma", json: '{,"version":1}', path: "(root)" },
    { why: "a missing comma", json: '{"version":1 "type":""}', path: "(root)" },
    { why: "a missing colon", json: '{"version" 1}', path: ".version" },
    { why: "an unquoted key", json: "{version:1}", path: "(root)" },
    { why: "single quotes", json: "{'version':1}", path: "(root)" },
    { why: "a comment", json: '{"version":1 /* */}', path: "(root)" },
    { why: "a sloppy literal", json: '{"version":trux}', path: ".version" },
    { why: "a leading zero", json: '{"version":01}', path: ".version" },
    { why: "a leading plus", json: '{"version":+1}', path: ".version" },
    { why: "a bare minus", json: '{"version":-}', path: ".version" },
    { why: "no digit after the point", json: '{"version":1.}', path: ".version" },
    { why: "no digit in the exponent", json: '{"version":1e}', path: ".version" },
    { why: "a form feed as white space", json: '{"version":1\f}', path: "(root)" },
    { why: "a raw line feed in a string", json: '{"type":"a\nb"}', path: ".type" },
    { why: "an unknown escape", json: '{"type":"\\x41"}', path: ".type" },
    { why: "a short \\u escape", json: '{"type":"\\u12"}', path: ".type" },
    { why: "an open string", json: '{"type":"abc', path: ".type" },
    { why: "a backslash at the end", json: '{"type":"abc\\', path: ".type" },
    { why: "an open object", json: '{"type":"abc"', path: "(root)" },
    { why: "an open array", json: '{"devices":[{}', path: ".devices" },
  ])("refuses $why as a syntax error", ({ json, path }) => {
    expect(() => JSON.parse(json)).toThrow(SyntaxError);
    expect(refusal(json)).toMatchObject({ code: "SYNTAX", path });
  });

  it.each([
    { why: "a root that is no object", json: "[]", code: "WRONG_TYPE", path: "(root)", found: "ARRAY" },
    {
      why: "a type that is no string",
      json: '{"type":1}',
      code: "WRONG_TYPE",
      path: ".type",
      found: "INTEGER",
    },
    { why: "1.0 as version", json: '{"version":1.0}', code: "WRONG_TYPE", path: ".version", found: "REAL" },
    { why: "1e0 as version", json: '{"version":1e0}', code: "WRONG_TYPE", path: ".version", found: "REAL" },
    {
      why: "a quoted version",
      json: '{"version":"1"}',
      code: "WRONG_TYPE",
      path: ".version",
      found: "STRING",
    },
    { why: "null as devices", json: '{"devices":null}', code: "WRONG_TYPE", path: ".devices", found: "NULL" },
    {
      why: "a device that is no object",
      json: '{"devices":[{},true]}',
      code: "WRONG_TYPE",
      path: ".devices[1]",
      found: "BOOLEAN",
    },
    { why: "an unknown key", json: '{"Type":""}', code: "UNKNOWN_KEY", path: ".Type", found: '"Type"' },
    {
      why: "an unknown key that could move the cursor",
      json: '{"\\u001b[2J":""}',
      code: "UNKNOWN_KEY",
      path: '["\\u001b[2J"]',
      found: '"\\u001b[2J"',
    },
    { why: "no type", json: "{}", code: "MISSING_KEY", path: ".type", found: "nothing" },
    { why: "no version", json: '{"type":"x"}', code: "MISSING_KEY", path: ".version", found: "nothing" },
    {
      why: "no devices",
      json: '{"type":"x","version":7}',
      code: "MISSING_KEY",
      path: ".devices",
      found: "nothing",
    },
    {
      why: "another type",
      json: '{"type":"solo5.abi","version":7,"devices":[]}',
      code: "NOT_A_MANIFEST",
      path: ".type",
      found: '"solo5.abi"',
    },
    {
      why: "another version",
      json: '{"type":"solo5.manifest","version":2,"devices":[]}',
      code: "UNSUPPORTED_VERSION",
      path: ".version",
      found: "2",
    },
    {
      why: "64 devices",
      json: withDevices(Array(64).fill("{}").join()),
      code: "TOO_MANY_DEVICES",
      path: ".devices",
      found: "64",
    },
    {
      why: "an unknown device key",
      json: withDevices('{"name":"","nam":""}'),
      code: "UNKNOWN_KEY",
      path: ".devices[0].nam",
      found: '"nam"',
    },
    {
      why: "a device name of the wrong type",
      json: withDevices('{"name":[]}'),
      code: "WRONG_TYPE",
      path: ".devices[0].name",
      found: "ARRAY",
    },
    {
      why: "a device without a name",
      json: withDevices("{}"),
      code: "MISSING_KEY",
      path: ".devices[0].name",
      found: "nothing",
    },
    {
      why: "an empty name",
      json: withDevices('{"name":""}'),
      code: "NAME_EMPTY",
      path: ".devices[0].name",
      found: '""',
    },
    {
      why: "a name of 68 characters",
      json: withDevices(`{"name":"${"-".repeat(68)}"}`),
      code: "NAME_TOO_LONG",
      path: ".devices[0].name",
      found: `"${"-".repeat(40)}"... (68 characters)`,
    },
    {
      why: "a name with a hyphen",
      json: withDevices('{"name":"a-b"}'),
      code: "NAME_NOT_ALPHANUMERIC",
      path: ".devices[0].name",
      found: '"a-b"',
    },
    {
      why: "a name with a NUL",
      json: withDevices('{"name":"a\\u0000"}'),
      code: "NAME_NOT_ALPHANUMERIC",
      path: ".devices[0].name",
      found: '"a\\u0000"',
    },
    {
      why: "a device without a type",
      json: withDevices('{"name":"a"}'),
      code: "MISSING_KEY",
      path: ".devices[0].type",
      found: "nothing",
    },
    {
      why: "an unknown device type",
      json: withDevices('{"name":"a","type":"NET"}'),
      code: "UNKNOWN_DEVICE_TYPE",
      path: ".devices[0].type",
      found: '"NET"',
    },
    {
      why: "a repeated name, in one type",
      json: withDevices(`${NET_A},${BLOCK_A},{"type":"BLOCK_BASIC","name":"a"}`),
      code: "DUPLICATE_NAME",
      path: ".devices[2].name",
      found: '"a"',
    },
  ])("refuses $why with $code", ({ json, code, path, found }) => {
    expect(refusal(json)).toMatchObject({ code, path, found });
  });

  it.each([
    { json: '{"version":1,"version":1}', path: ".version" },
    { json: '{"devices":[],"\\u0064evices":[]}', path: ".devices" },
    { json: withDevices('{"name":"a","name":"b","type":"NET_BASIC"}'), path: ".devices[0].name" },
    { json: '{"unknown":{"a":{},"a":{}}}', path: ".unknown.a" },
  ])("refuses the repeated key $path before it looks at values", ({ json, path }) => {
    expect(refusal(json)).toMatchObject({ code: "DUPLICATE_KEY", path });
  });

  it("takes __proto__ for a key like any other", () => {
    expect(refusal('{"__proto__":{"type":"solo5.manifest"}}')).toMatchObject({ code: "UNKNOWN_KEY" });
  });

  it("names line and column of the value, or of the key when the key is wrong", () => {
    const json = '{\n  "type": "solo5.manifest",\n  "version":\r\n    2, "devices": []\n}';
    expect(refusal(json)).toMatchObject({ path: ".version", line: 4, column: 5 });
    expect(refusal('{\n\n "x": 1}')).toMatchObject({ path: ".x", line: 3, column: 2 });
    expect(refusal('{"type":\n  "abc')).toMatchObject({ code: "SYNTAX", line: 2, column: 7 });
    expect(refusal(json).message).toBe(
      "manifest: UNSUPPORTED_VERSION: .version (line 4, column 5): expected 1, found 2",
    );
  });

  it("refuses bytes that are not UTF-8, and a byte order mark", () => {
    expect(refusal(new Uint8Array([0x7b, 0xff]))).toMatchObject({ code: "ENCODING" });
    expect(refusal(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toMatchObject({ code: "SYNTAX" });
  });

  it("refuses what is too deep or too large, without overflowing the stack", () => {
    expect(refusal(`{"devices":${"[".repeat(1_000_000)}`)).toMatchObject({ code: "TOO_DEEP" });
    expect(refusal(" ".repeat((1 << 20) + 1))).toMatchObject({ code: "TOO_LARGE" });
    expect(refusal(new Uint8Array((1 << 20) + 1))).toMatchObject({ code: "TOO_LARGE" });
  });

  it.each([
    { why: "numbers on one line", json: `{"x":[${"1,".repeat(500_000)}` },
    { why: "empty keys", json: `{${'"":'.repeat(300_000)}` },
    { why: "escapes", json: `{"x":"${"\\n".repeat(500_000)}` },
    { why: "line feeds", json: "\n".repeat(1 << 20) },
    { why: "one long number", json: `{"version":${"9".repeat(1_000_000)}}` },
    { why: "one long key", json: `{"${"k".repeat(1_000_000)}":1}` },
  ])("answers a megabyte of $why with an error that fits a line", ({ json }) => {
    const { message } = refusal(json);
    expect(message.length).toBeLessThan(400);
    expect(message).toMatch(/^[ -~]*$/);
  });

  it("throws a TypeError for what is neither text nor bytes", () => {
    expect(() => parse(42 as unknown as string)).toThrow(TypeError);
  });

  it("gives back what print printed", () => {
    fc.assert(
      fc.property(manifest, (m) => {
        expect(parse(print(m))).toEqual(m);
        expect(parse(JSON.stringify(m, null, 2))).toEqual(m);
      }),
    );
  });

  it("accepts no text that JSON.parse refuses, and throws nothing but ManifestError", () => {
    const text = print(
      parse(withDevices('{"name":"net0","type":"NET_BASIC"},{"name":"disk","type":"BLOCK_BASIC"}')),
    );
    const texts = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutationsOf(bytes(text)));
    fc.assert(
      fc.property(texts, (candidate) => {
        let accepted: unknown;
        try {
          accepted = parse(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
          return;
        }
        expect(JSON.parse(new TextDecoder().decode(candidate))).toEqual(accepted);
      }),
      { numRuns: 5_000 },
    );
  });
});
