import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ISSUES_MAX, ManifestError, type ManifestIssue, parse, validate } from "./index.ts";
import { mutationsOf } from "./testing/arbitraries.ts";

const TYPE = '"type":"solo5.manifest"';
const NET = '{"name":"a","type":"NET_BASIC"}';

function issuesOf(json: string | Uint8Array): readonly ManifestIssue[] {
  try {
    parse(json);
  } catch (error) {
    if (error instanceof ManifestError) return error.issues;
    throw error;
  }
  return [];
}

/** `CODE path`, one an issue. */
function summaryOf(json: string): string[] {
  return issuesOf(json).map(({ code, path }) => `${code} ${path}`);
}

describe("the issues of a document", () => {
  it("are all of them, in the order of ABI section 1.3, and the error is the first", () => {
    const json = `{
  "version": 2,
  "name": "x",
  "devices": [
    { "name": "a b", "type": "NET" },
    7,
    { "type": "BLOCK_BASIC", "size": 5 },
    { "name": "disk", "type": "BLOCK_BASIC" },
    { "name": "disk", "type": "BLOCK_BASIC" },
    { "name": 1, "type": 2 }
  ]
}`;
    const issues = issuesOf(json);
    expect(issues.map(({ code, path, line, column }) => `${line}:${column} ${code} ${path}`)).toEqual([
      "3:3 UNKNOWN_KEY .name",
      "6:5 WRONG_TYPE .devices[1]",
      "1:1 MISSING_KEY .type",
      "2:14 UNSUPPORTED_VERSION .version",
      "5:15 NAME_NOT_ALPHANUMERIC .devices[0].name",
      "5:30 UNKNOWN_DEVICE_TYPE .devices[0].type",
      "7:30 UNKNOWN_KEY .devices[2].size",
      "7:5 MISSING_KEY .devices[2].name",
      "9:15 DUPLICATE_NAME .devices[4].name",
      "10:15 WRONG_TYPE .devices[5].name",
      "10:26 WRONG_TYPE .devices[5].type",
    ]);
    expect(issues.map(({ segments }) => segments).slice(0, 5)).toEqual([
      ["name"],
      ["devices", 1],
      ["type"],
      ["version"],
      ["devices", 0, "name"],
    ]);
    expect(() => parse(json)).toThrow(
      expect.objectContaining({
        ...{ code: "UNKNOWN_KEY", path: ".name", line: 3, column: 3, found: '"name"' },
        message:
          'manifest: UNKNOWN_KEY: .name (line 3, column 3): expected only type, version, devices and $schema, found "name" (and 10 more)',
      }),
    );
    expect(issues[3]?.message).toBe(".version (line 2, column 14): expected 1, found 2");
  });

  it("are the same for a parsed value, without lines", () => {
    const json = '{"type":"x","version":1.5,"devices":[{"name":""},[],{"name":"a","type":"b","c":1}]}';
    const expected = issuesOf(json).map(({ code, path, segments, expected, found }) => ({
      ...{ code, path, segments, expected, found, line: undefined, column: undefined },
      message: `${path}: expected ${expected}, found ${found}`,
    }));
    expect(expected).toHaveLength(7);
    expect(() => validate(JSON.parse(json))).toThrow(expect.objectContaining({ issues: expected }));
  });

  it.each([
    { why: "a member too many", json: `{${TYPE},"version":1,"devices":[],"x":{"y":[1,"1"]}}` },
    { why: "a repeated key", json: `{${TYPE},"version":1,"devices":[],"version":2}` },
    { why: "a key that cannot be read", json: `{"ty\\qpe":"solo5.manifest","version":1,"devices":[]}` },
    { why: "a value that cannot be read", json: `{${TYPE},"version":01,"devices":[]}` },
    { why: "a value left out", json: `{${TYPE},"version":,"devices":[]}` },
    { why: "colon and value left out", json: `{${TYPE},"version","devices":[]}` },
    { why: "a list of another type", json: `{${TYPE},"version":1,"devices":{"name":"a"}}` },
    { why: "a faulty name twice", json: `{${TYPE},"version":1,"devices":[${NET},${NET}]}` },
    { why: "several bad escapes in a string", json: `{"type":"\\x\\y\u0001\t","version":1,"devices":[]}` },
    {
      why: "too many devices",
      json: `{${TYPE},"version":1,"devices":[${Array(200).fill("{}")}]}`,
      more: 63 * 2,
    },
    { why: "a root of another type", json: "[1, 2]" },
  ])("are one for one fault: $why", ({ json, more = 0 }) => {
    expect(issuesOf(json)).toHaveLength(Math.min(1 + more, ISSUES_MAX));
  });

  it.each([
    { fault: "a missing comma in an object", json: `{${TYPE} "version":2,"devices":[]}` },
    {
      fault: "a missing comma in a list",
      json: `{${TYPE},"version":2,"devices":[${NET}{"name":"b","type":"NET_BASIC"}]}`,
    },
    { fault: "a comma too many", json: `{${TYPE},,"version":2,"devices":[]}` },
    { fault: "a leading comma", json: `{,${TYPE},"version":2,"devices":[,]}`, faults: 2 },
    { fault: "trailing commas", json: `{${TYPE},"version":2,"devices":[${NET},],}`, faults: 2 },
    { fault: "a missing colon", json: `{"type" "solo5.manifest","version":2,"devices":[]}` },
    { fault: "a key without quotes", json: `{type:"solo5.manifest","version":2,"devices":[]}` },
    { fault: "text after the root", json: `{${TYPE},"version":2,"devices":[]} {` },
    { fault: "a byte order mark", json: `\ufeff{${TYPE},"version":2,"devices":[]}` },
    { fault: "a sloppy literal", json: `{"type":trux,"version":2,"devices":[]}` },
    { fault: "a bad number", json: `{"type":1.,"version":2,"devices":[]}` },
    { fault: "a bad escape", json: `{"type":"\\solo5","version":2,"devices":[]}` },
    { fault: "a control character in a string", json: `{"type":"\t","version":2,"devices":[]}` },
  ])("go on behind $fault", ({ json, faults = 1 }) => {
    const syntax = Array<string>(faults).fill("SYNTAX");
    expect(issuesOf(json).map(({ code }) => code)).toEqual([...syntax, "UNSUPPORTED_VERSION"]);
  });

  it.each([
    { fault: "a line feed in a string", json: '{"typ":"a\nb","version":2' },
    { fault: "single quotes", json: `{"typ":'a',"version":2}` },
    { fault: "a comment", json: `{"typ":1, // a\n"version":2}` },
    { fault: "the wrong bracket", json: '{"typ":[1,2},"version":2}' },
    { fault: "the end of the text", json: '{"typ":1,"version":' },
    { fault: "bytes of no text", json: new Uint8Array([0x7b, 0xff, 0x7d]) },
    { fault: "65 levels", json: "[".repeat(65) },
  ])("end at $fault, where there is no way to go on", ({ json }) => {
    expect(issuesOf(json)).toHaveLength(1);
  });

  it("name the key that cannot be read by its text", () => {
    expect(summaryOf('{"a\\qb":tru}')).toEqual(["SYNTAX (root)", 'SYNTAX ["a\\\\qb"]']);
  });

  it("are a hundred at most, and then the document is not read further", () => {
    expect(issuesOf(`[${",".repeat(1_000_000)}`)).toHaveLength(ISSUES_MAX);
    const devices = Array(63).fill('{"name":"-","type":"-"}');
    expect(issuesOf(`{${TYPE},"version":1,"devices":[${devices}]}`)).toHaveLength(ISSUES_MAX);
    expect(() => validate({ devices: Array(60).fill({ x: 1, y: 2 }) })).toThrow(/\(and 99 more\)$/);
  });

  const hostile = fc.oneof(
    fc.string({
      unit: fc.constantFrom(...'{}[],:"\\u0 \n\t1-.etrufalsn/x\u0001\u2028\ufeff'),
      maxLength: 24,
    }),
    fc.json(),
    mutationsOf(new TextEncoder().encode(`{${TYPE},"version":1,"devices":[${NET}]}`)),
    fc
      .array(
        fc.constantFrom(
          ...[
            '"type"',
            '"solo5.manifest"',
            '"version"',
            "1",
            "2",
            '"devices"',
            '"name"',
            '"a"',
            '"NET_BASIC"',
          ],
          ...["{", "}", "[", "]", ",", ":", ",", ":", "trux", "01", '"\\q"', "\ufeff", " ", "\n"],
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
  );

  it("are there exactly for texts that are refused, are printable, in place, and always the same", () => {
    fc.assert(
      fc.property(hostile, (json) => {
        const text =
          typeof json === "string" ? json : new TextDecoder("utf-8", { ignoreBOM: true }).decode(json);
        const lines = text.split("\n");
        let manifest: unknown;
        try {
          manifest = parse(json);
        } catch (error) {
          if (!(error instanceof ManifestError)) throw error;
          const { issues } = error;
          expect(issues.length).toBeGreaterThan(0);
          expect(issues.length).toBeLessThanOrEqual(ISSUES_MAX);
          for (const { code, path, segments, expected, found, message, line, column } of issues) {
            expect(`${path}${expected}${found}${message}`).toMatch(/^[ -~]+$/);
            expect(message).toContain(`: expected ${expected}, found ${found}`);
            expect(path === "(root)").toBe(segments.length === 0);
            if (code === "ENCODING") continue;
            expect(line).toBeGreaterThanOrEqual(1);
            expect(column).toBeGreaterThanOrEqual(1);
            expect(column).toBeLessThanOrEqual((lines[(line ?? 0) - 1]?.length ?? -1) + 1);
          }
          const syntax = issues.filter(({ code }) => ["SYNTAX", "DUPLICATE_KEY"].includes(code));
          expect(issues.slice(0, syntax.length)).toEqual(syntax);
          expect(issuesOf(json)).toEqual(issues);
          return;
        }
        expect(JSON.parse(text)).toEqual(manifest);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("the time of parse", () => {
  /** For a text 16 times as long: in between 16, with what collecting garbage adds, and the 256 of n squared. */
  const MOST = 80;
  const timeOf = (json: string): number => {
    const start = performance.now();
    issuesOf(json);
    return performance.now() - start;
  };
  const fastest = (json: string): number => Math.min(...Array.from({ length: 3 }, () => timeOf(json)));

  it.each([
    { why: "faulty devices", text: (n: number) => `{"devices":[${'{"name":1},'.repeat(n / 11)}]}` },
    {
      why: "unknown keys",
      text: (n: number) => `{${Array.from({ length: n / 14 }, (_, i) => `"k${i}":[{}]`)}}`,
    },
    { why: "repeated keys", text: (n: number) => `{${'"a":1,'.repeat(40)}"x":[${"{},".repeat(n / 3)}0]}` },
    { why: "bad escapes in a string", text: (n: number) => `{"type":"${"\\q\t".repeat(n / 3)}"}` },
    { why: "a long word", text: (n: number) => `{"type":${"1.".repeat(n / 2)}}` },
    {
      why: "a long key before many faults",
      text: (n: number) => `{"${"k".repeat(n)}":[${",1".repeat(90)}]}`,
    },
    {
      why: "nested lists",
      text: (n: number) => `{"x":[${`${"[".repeat(60)}${"]".repeat(60)},`.repeat(n / 121)}0]}`,
    },
  ])("grows no faster than the text: $why", ({ text }) => {
    const [small, large] = [text(60_000), text(960_000)];
    let growth = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5 && growth > MOST; attempt++) {
      growth = fastest(large) / Math.max(fastest(small), 0.05);
    }
    expect(growth).toBeLessThanOrEqual(MOST);
  });
});
