import { describe, expect, it } from "vitest";
import { createManifest, formatManifest, type Manifest, ManifestError, parseManifest } from "./index.ts";
import { printManifest } from "./print-manifest.ts";

const SAMPLE = createManifest([
  { name: "service0", type: "NET_BASIC" },
  { name: "storage", type: "BLOCK_BASIC" },
]);

describe("formatManifest", () => {
  it("has the layout of query-manifest", () => {
    expect(formatManifest(SAMPLE)).toBe(`{
  "type": "solo5.manifest",
  "version": 1,
  "devices": [
    { "name": "service0", "type": "NET_BASIC" },
    { "name": "storage", "type": "BLOCK_BASIC" }
  ]
}
`);
    expect(parseManifest(formatManifest(SAMPLE))).toEqual(SAMPLE);
  });

  it("closes an empty list on the next line", () => {
    expect(formatManifest(createManifest([]))).toContain('  "devices": [\n  ]\n}\n');
  });
});

describe("printManifest", () => {
  it("prints one line without a line end", () => {
    expect(printManifest(createManifest([]))).toBe('{"type":"solo5.manifest","version":1,"devices":[]}');
  });

  it("refuses an invalid manifest", () => {
    const invalid = { ...SAMPLE, version: 2 } as unknown as Manifest;
    expect(() => printManifest(invalid)).toThrow(ManifestError);
  });
});
