import { createManifest } from "@uk/manifest";
import { describe, expect, it } from "vitest";
import { diff, formatDiff, ImageError, type ImageSource, type LinkInput, link } from "./index.ts";
import { baseImage, basePieces, ENGINE, filler, upstreamImage } from "./testing/elf-builder.ts";

const bill = (...packages: [string, string][]) =>
  JSON.stringify({
    bomFormat: "CycloneDX",
    components: packages.map(([name, version]) => ({ name, version })),
  });

const linked = (changes: Partial<LinkInput> = {}): Uint8Array =>
  link({
    base: baseImage(),
    manifest: createManifest([{ name: "service", type: "NET_BASIC" }]),
    program: { buildId: ENGINE, bytecode: filler(300, 9) },
    debugId: "11111111-1111-4111-8111-111111111111",
    sbom: bill(["left", "1.0.0"], ["same", "2.0.0"]),
    ...changes,
  });

describe("diff", () => {
  it("finds nothing between an image and itself", () => {
    expect(diff(linked(), linked())).toEqual([]);
    expect(formatDiff([])).toBe("no differences\n");
  });

  it("tells devices, packages, ids, sizes and ranges of content", () => {
    const other = linked({
      manifest: createManifest([{ name: "disk", type: "BLOCK_BASIC" }]),
      program: { buildId: ENGINE, bytecode: filler(400, 9) },
      debugId: "22222222-2222-4222-8222-222222222222",
      sbom: bill(["right", "3.0.0"], ["same", "2.1.0"]),
      stack: 1 << 20,
    });
    const found = diff(linked(), other);
    const rows = found.map(({ part, name, a, b }) => [part, name, a, b]);
    expect(rows).toEqual(
      expect.arrayContaining([
        ["device", "service", "NET_BASIC 1", undefined],
        ["device", "disk", undefined, "BLOCK_BASIC 1"],
        ["debug id", "", "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"],
        ["bytecode", "", "300 bytes", "400 bytes"],
        ["stack", "", "8388608 bytes", "1048576 bytes"],
        ["package", "left", "1.0.0", undefined],
        ["package", "right", undefined, "3.0.0"],
        ["package", "same", "2.0.0", "2.1.0"],
      ]),
    );
    expect(rows).not.toContainEqual(expect.arrayContaining(["base build id"]));
    const parts = new Set(found.map(({ part }) => part));
    expect([...parts]).toEqual([
      "device",
      "content",
      "note",
      "image id",
      "debug id",
      "bytecode",
      "stack",
      "package",
    ]);
    expect(formatDiff(found)).toContain("\npackage   left     1.0.0");
  });

  it("tells a byte that differs by its address, and no more than eight ranges of a segment", () => {
    const base = baseImage();
    base[0x4010] = 0;
    base[0x4012] = 0;
    const content = (image: Uint8Array) => diff(linked(), image).filter(({ part }) => part === "content");
    const [data, ...others] = content(linked({ base }));
    expect(data).toEqual({
      part: "content",
      name: "2 RW-",
      a: "0x103010..0x103013",
      b: "0x103010..0x103013",
    });
    expect(others.map(({ name }) => name)).toEqual(["3 R--"]); // the checksum
    for (let at = 0x1100; at < 0x2000; at += 0x100) base[at] = 0;
    expect(content(linked({ base })).filter(({ name }) => name === "0 R-X")).toHaveLength(8);
  });

  it("compares images of different targets and makers", () => {
    const other = upstreamImage("hvt", createManifest([]));
    const found = diff(linked(), other);
    expect(found[0]).toEqual({ part: "target", name: "", a: "spt, ABI version 2", b: "hvt, ABI version 2" });
    expect(diff(other, linked())).toHaveLength(found.length);
    const hvt = link({
      base: baseImage(basePieces("hvt")),
      manifest: createManifest([]),
      program: { buildId: ENGINE, bytecode: filler(1, 1) },
    });
    expect(diff(hvt, linked())[0]?.part).toBe("target");
  });

  it("answers for images with holes of terabytes", () => {
    const image = upstreamImage("spt", createManifest([]));
    // The data are as large as the file, and as memory.
    const size = 2 ** 40;
    const view = new DataView(image.buffer);
    const data = 64 + 56 * 2;
    view.setBigUint64(data + 32, BigInt(size) - 0x6000n, true);
    view.setBigUint64(data + 40, BigInt(size), true);
    let count = 0;
    const source: ImageSource = {
      size,
      read(offset, length) {
        count += length;
        const bytes = new Uint8Array(length);
        bytes.set(image.subarray(offset, offset + length));
        return bytes;
      },
    };
    expect(diff(source, source)).toEqual([]);
    expect(count).toBeLessThan(2 * 2 ** 30 + 2 ** 20);
  }, 60_000);

  it("refuses what is no image", () => {
    expect(() => diff(linked(), new Uint8Array())).toThrow(ImageError);
    expect(() => diff(5 as never, linked())).toThrow(TypeError);
  });
});
