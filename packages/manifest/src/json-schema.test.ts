import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonSchema, ManifestError, parse, validate } from "./index.ts";
import { manifest } from "./testing/arbitraries.ts";

const FILE = new URL("../schema.json", import.meta.url);

/** Another validator, which knows nothing of ours. */
const schemaAccepts = new Ajv2020({ strict: true, strictRequired: false }).compile({ ...jsonSchema });

function accepts(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof ManifestError) return false;
    throw error;
  }
}

const NAMES = ["a", "b", "Z9", "", "-", "a\n", "a\u0000", "é", "x".repeat(67), "x".repeat(68), 1, null];
const TYPES = ["NET_BASIC", "BLOCK_BASIC", "NET", "net_basic", 2, null, ["NET_BASIC"]];

/** Documents with a fault or two, or none. */
const nearly = fc
  .record(
    {
      type: fc.oneof(
        { weight: 6, arbitrary: fc.constant("solo5.manifest") },
        { weight: 1, arbitrary: fc.constantFrom<unknown>("solo5.abi", 1, null) },
      ),
      version: fc.oneof(
        { weight: 6, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(-1, 0, 2, 1.5, 1e21, "1", true, null) },
      ),
      devices: fc.oneof(
        {
          weight: 6,
          arbitrary: fc.array(
            fc
              .record(
                {
                  name: fc.oneof(
                    {
                      weight: 3,
                      arbitrary: fc.string({
                        unit: fc.constantFrom("a", "b", "0"),
                        minLength: 1,
                        maxLength: 6,
                      }),
                    },
                    { weight: 1, arbitrary: fc.constantFrom<unknown>(...NAMES) },
                  ),
                  type: fc.oneof(
                    { weight: 6, arbitrary: fc.constantFrom("NET_BASIC", "BLOCK_BASIC") },
                    { weight: 1, arbitrary: fc.constantFrom<unknown>(...TYPES) },
                  ),
                  extra: fc.jsonValue(),
                },
                { requiredKeys: ["name", "type"] },
              )
              .map(({ extra, ...device }) => (extra === 0 ? { ...device, extra } : device)),
            { maxLength: 4 },
          ),
        },
        { weight: 1, arbitrary: fc.jsonValue() },
      ),
      $schema: fc.oneof({ weight: 3, arbitrary: fc.string() }, { weight: 1, arbitrary: fc.jsonValue() }),
      extra: fc.jsonValue(),
    },
    { requiredKeys: ["type", "version", "devices"] },
  )
  .chain(({ extra, ...document }) =>
    fc.constantFrom<object>(
      document,
      document,
      document,
      { ...document, extra },
      { ...document, type: undefined },
    ),
  )
  // Undefined members go: only JSON values are compared.
  .map((document): unknown => JSON.parse(JSON.stringify(document)));

const values = fc.oneof(
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 6, arbitrary: nearly },
  { weight: 2, arbitrary: manifest },
);

describe("the JSON Schema", () => {
  it("is the file of the package", () => {
    // Its layout is the formatter's.
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(FILE, JSON.stringify(jsonSchema));
    expect(JSON.parse(readFileSync(FILE, "utf8"))).toEqual(jsonSchema);
  });

  it("accepts the very values that validate accepts", () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(values, (value) => {
        const accepted = accepts(() => validate(value));
        expect(schemaAccepts(value)).toBe(accepted);
        seen[accepted ? "accepted" : "refused"]++;
      }),
      { numRuns: 10_000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(1_000);
  });

  it.each([
    ...NAMES.map((name) => ({ name, type: "NET_BASIC" })),
    ...TYPES.map((type) => ({ name: "a", type })),
    {},
    { name: "a" },
    { type: "NET_BASIC" },
    { name: "a", type: "NET_BASIC", mac: "" },
    [],
    null,
    "a",
  ])("accepts the device %j if validate does", (device) => {
    const value = { type: "solo5.manifest", version: 1, devices: [device] };
    expect(schemaAccepts(value)).toBe(accepts(() => validate(value)));
  });

  it.each([
    { why: "63 devices", count: 63, accepted: true },
    { why: "64 devices", count: 64, accepted: false },
  ])("counts $why", ({ count, accepted }) => {
    const devices = Array.from({ length: count }, (_, i) => ({ name: `d${i}`, type: "NET_BASIC" }));
    const value = { type: "solo5.manifest", version: 1, devices };
    expect(schemaAccepts(value)).toBe(accepted);
    expect(accepts(() => validate(value))).toBe(accepted);
  });

  it("takes one name for one of each type", () => {
    const both = (first: string, second: string) => ({
      ...{ type: "solo5.manifest", version: 1 },
      devices: [
        { name: "a", type: first },
        { type: second, name: "a" },
      ],
    });
    expect(schemaAccepts(both("NET_BASIC", "BLOCK_BASIC"))).toBe(true);
    expect(schemaAccepts(both("NET_BASIC", "NET_BASIC"))).toBe(false);
  });

  it("accepts what parse accepts, and of valid values parse refuses only what values cannot tell", () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(accepts(() => parse(text))).toBe(schemaAccepts(JSON.parse(text)));
      }),
      { numRuns: 2_000 },
    );
    const onlyInTexts = [
      '{"type":"solo5.manifest","version":1.0,"devices":[]}',
      '{"type":"solo5.manifest","version":1e0,"devices":[]}',
      '{"type":"x","type":"solo5.manifest","version":1,"devices":[]}',
      `{"type":"solo5.manifest","version":1,"devices":[]}${" ".repeat(1 << 20)}`,
    ];
    for (const text of onlyInTexts) {
      expect(schemaAccepts(JSON.parse(text))).toBe(true);
      expect(accepts(() => parse(text))).toBe(false);
    }
  });
});

describe("$schema at the root of a document", () => {
  const withSchema = (value: string) =>
    `{"$schema":${value},"type":"solo5.manifest","version":1,"devices":[]}`;

  it("is accepted as text, and dropped", () => {
    const { $id } = jsonSchema;
    const parsed = parse(withSchema(JSON.stringify($id)));
    expect(parsed).toEqual({ type: "solo5.manifest", version: 1, devices: [] });
    expect(validate({ ...parsed, $schema: "./schema.json" })).toEqual(parsed);
  });

  it("is refused as anything else, twice, and in a device", () => {
    const refusal = (text: string) => {
      try {
        return parse(text);
      } catch (error) {
        return error;
      }
    };
    expect(refusal(withSchema("1"))).toMatchObject({ code: "WRONG_TYPE", path: ".$schema" });
    expect(refusal(withSchema('"","$schema":""'))).toMatchObject({ code: "DUPLICATE_KEY", path: ".$schema" });
    const device =
      '{"type":"solo5.manifest","version":1,"devices":[{"$schema":"","name":"a","type":"NET_BASIC"}]}';
    expect(refusal(device)).toMatchObject({ code: "UNKNOWN_KEY", path: ".devices[0].$schema" });
  });
});
