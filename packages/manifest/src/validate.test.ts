import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createManifest, type DeviceDeclaration, ManifestError, parse, print, validate } from "./index.ts";
import { manifest } from "./testing/arbitraries.ts";

function refusal(value: unknown): ManifestError {
  try {
    validate(value);
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
  throw new Error("the value was accepted");
}

describe("validate", () => {
  it("copies a valid value into the document's order of members", () => {
    const value = { devices: [{ type: "NET_BASIC", name: "a" }], version: 1, type: "solo5.manifest" };
    const copy = validate(value);
    expect(JSON.stringify(copy)).toBe(
      '{"type":"solo5.manifest","version":1,"devices":[{"name":"a","type":"NET_BASIC"}]}',
    );
    expect(copy).not.toBe(value);
  });

  it.each([
    { value: undefined, found: "undefined" },
    { value: null, found: "NULL" },
    { value: () => 1, found: "function" },
    { value: 1n, found: "bigint" },
    { value: "{}", found: "STRING" },
    { value: [], found: "ARRAY" },
  ])("refuses a root of type $found", ({ value, found }) => {
    expect(refusal(value)).toMatchObject({ code: "WRONG_TYPE", path: "(root)", found, line: undefined });
  });

  it.each([
    { why: "a version that is not an integer", change: { version: 1.5 }, path: ".version" },
    { why: "NaN as version", change: { version: Number.NaN }, path: ".version" },
    { why: "a hole in the devices", change: { devices: new Array(1) }, path: ".devices[0]" },
  ])("refuses $why", ({ change, path }) => {
    const value = { type: "solo5.manifest", version: 1, devices: [], ...change };
    expect(refusal(value)).toMatchObject({ code: "WRONG_TYPE", path });
  });

  it("refuses very long arrays and values that contain themselves", () => {
    const devices = Array(100_000).fill({ name: "a", type: "NET_BASIC" });
    expect(refusal({ type: "solo5.manifest", version: 1, devices })).toMatchObject({
      code: "TOO_MANY_DEVICES",
      found: "100000",
    });
    const knot: { type: string; version: number; devices: unknown[] } = {
      type: "solo5.manifest",
      version: 1,
      devices: [],
    };
    knot.devices.push({ name: knot, type: knot });
    expect(refusal(knot)).toMatchObject({ code: "WRONG_TYPE", path: ".devices[0].name" });
  });

  it("lets an exception of a getter or a proxy through", () => {
    const own = new Error("mine");
    const fail = () => {
      throw own;
    };
    const values = [
      Object.defineProperty({}, "type", { get: fail, enumerable: true }),
      new Proxy({}, { ownKeys: fail }),
      { type: "solo5.manifest", version: 1, devices: new Proxy([], { get: fail }) },
      {
        type: "solo5.manifest",
        version: 1,
        devices: [new Proxy({}, { getOwnPropertyDescriptor: fail, ownKeys: () => ["a"] })],
      },
    ];
    for (const value of values) expect(() => validate(value)).toThrow(own);
  });

  it("reads every member once", () => {
    const reads: string[] = [];
    const counting = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(object, key) {
          if (typeof key === "string") reads.push(key);
          return Reflect.get(object, key);
        },
      });
    const device = counting({ name: "a", type: "NET_BASIC" });
    validate(counting({ type: "solo5.manifest", version: 1, devices: counting([device]) }));
    expect(reads.sort()).toEqual(["0", "devices", "length", "name", "type", "type", "version"]);
  });

  it("takes own enumerable members, of whatever class, and no other", () => {
    class Devices {
      readonly type = "solo5.manifest";
      readonly version = 1;
      readonly devices: unknown[] = [];
      get name() {
        return "not its own";
      }
    }
    const value = Object.assign(new Devices(), { [Symbol("other")]: 1, toJSON: undefined });
    expect(refusal(value)).toMatchObject({ code: "UNKNOWN_KEY", path: ".toJSON" });
    expect(print(validate(new Devices()))).toBe('{"type":"solo5.manifest","version":1,"devices":[]}');
    expect(refusal(Object.create(new Devices())).issues.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "MISSING_KEY .type",
      "MISSING_KEY .version",
      "MISSING_KEY .devices",
    ]);
    expect(refusal({ ...new Devices(), type: new String("solo5.manifest") })).toMatchObject({
      found: "OBJECT",
    });
    expect(refusal({ ...new Devices(), version: undefined })).toMatchObject({ found: "undefined" });
    expect(refusal(new Map(Object.entries(new Devices())))).toMatchObject({ code: "MISSING_KEY" });
    expect(refusal(new Proxy([], {}))).toMatchObject({ code: "WRONG_TYPE", found: "ARRAY" });
  });

  it("looks at 64 elements of a list, however long it says it is", () => {
    const long = { type: "solo5.manifest", version: 1, devices: new Array(2 ** 32 - 1) };
    const holes = refusal(long).issues.filter(({ code }) => code === "WRONG_TYPE");
    expect(holes).toHaveLength(64);
    expect(holes[0]).toMatchObject({ path: ".devices[0]", found: "undefined" });
    expect(refusal(long).issues.at(-1)).toMatchObject({ code: "TOO_MANY_DEVICES", found: `${2 ** 32 - 1}` });
  });

  it("reads as many members of an object as issues can be of", () => {
    let reads = 0;
    const large = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]));
    const counted = new Proxy(large, {
      get: (object, key) => {
        reads++;
        return Reflect.get(object, key);
      },
    });
    const known = { type: 1, version: 1, devices: [], $schema: "x" };
    expect(refusal(counted).issues).toHaveLength(100);
    expect(reads).toBe(104);
    expect(refusal({ ...known, ...large }).issues.at(-1)).toMatchObject({ path: ".k98" });
    const device = { name: "a", type: "NET_BASIC", ...large };
    const manifest = { type: "solo5.manifest", version: 1, devices: [device] };
    expect(refusal(manifest).issues.at(-1)).toMatchObject({ path: ".devices[0].k99" });
  });

  it("refuses a name of any length without looking through it", () => {
    const devices = [{ name: "x".repeat(100_000), type: "NET_BASIC" }];
    const look = vi.spyOn(String.prototype, "codePointAt");
    try {
      const error = refusal({ type: "solo5.manifest", version: 1, devices });
      expect(error).toMatchObject({ code: "NAME_TOO_LONG" });
      expect(look.mock.calls.length).toBeLessThan(100);
    } finally {
      look.mockRestore();
    }
  });

  it("agrees with parse on every JSON value", () => {
    const nearly = fc.record(
      {
        type: fc.constantFrom<unknown>("solo5.manifest", "x", 1),
        version: fc.constantFrom<unknown>(1, 2, "1", null),
        devices: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record(
              {
                name: fc.constantFrom<unknown>("a", "b", "", "-", 1),
                type: fc.constantFrom<unknown>("NET_BASIC", "BLOCK_BASIC", "x", {}),
                extra: fc.jsonValue(),
              },
              { requiredKeys: ["name", "type"] },
            ),
          ),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nearly, manifest), (value) => {
        const outcome = (check: () => unknown) => {
          try {
            return check();
          } catch (error) {
            if (!(error instanceof ManifestError)) throw error;
            return error.issues.map(({ code, segments, expected, found }) => ({
              code,
              segments,
              expected,
              found,
            }));
          }
        };
        const text = JSON.stringify(value);
        expect(outcome(() => validate(JSON.parse(text)))).toEqual(outcome(() => parse(text)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("createManifest", () => {
  it("keeps the order of the devices and copies them", () => {
    const devices: DeviceDeclaration[] = [
      { name: "service", type: "NET_BASIC" },
      { name: "disk", type: "BLOCK_BASIC" },
    ];
    const created = createManifest(devices);
    devices.pop();
    expect(print(created)).toBe(
      '{"type":"solo5.manifest","version":1,"devices":[{"name":"service","type":"NET_BASIC"},{"name":"disk","type":"BLOCK_BASIC"}]}',
    );
  });

  it("refuses a name that could carry code", () => {
    expect(() => createManifest([{ name: '"}; int x;' as string, type: "NET_BASIC" }])).toThrow(
      /NAME_NOT_ALPHANUMERIC/,
    );
  });
});
