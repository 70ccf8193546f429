import { describe, expect, it } from "vitest";
import { createManifest, format, type Manifest, ManifestError, parse } from "./index.ts";
import { print } from "./print.ts";

const SAMPLE = createManifest([
  { name: "service0", type: "NET_BASIC" },
  { name: "storage", type: "BLOCK_BASIC" },
]);

describe("format", () => {
  it("has the layout of query-manifest", () => {
    expect(format(SAMPLE)).toBe(`{
  "type": "solo5.manifest",
  "version": 1,
  "devices": [
    { "name": "service0", "type": "NET_BASIC" },
    { "name": "storage", "type": "BLOCK_BASIC" }
  ]
}
`);
    expect(parse(format(SAMPLE))).toEqual(SAMPLE);
  });

  it("closes an empty list on the next line", () => {
    expect(format(createManifest([]))).toContain('  "devices": [\n  ]\n}\n');
  });
});

describe("print", () => {
  it("prints one line without a line end", () => {
    expect(print(createManifest([]))).toBe('{"type":"solo5.manifest","version":1,"devices":[]}');
  });

  it("refuses an invalid manifest", () => {
    const invalid = { ...SAMPLE, version: 2 } as unknown as Manifest;
    expect(() => print(invalid)).toThrow(ManifestError);
  });
});
