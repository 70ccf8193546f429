import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManifest } from "@uk/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { format, type ImageInfo, type LinkInput, link, read, SBOM_MAX, toJson, verify } from "./index.ts";
import { sbomBytes } from "./sbom.ts";
import {
  baseImage,
  basePieces,
  buildElf,
  ENGINE,
  filler,
  note,
  PT,
  R,
  upstreamImage,
} from "./testing/elf-builder.ts";
import { brokenRule } from "./testing/tender-rules.ts";

const DEBUG_ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const SBOM = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  components: [
    { group: "@scope", name: "one", version: "1.2.3", licenses: [{ expression: "MIT OR ISC" }] },
    { name: "two", licenses: [{ license: { id: "ISC" } }, { license: { name: "mine" } }] },
  ],
};

function linked(changes: Partial<LinkInput> = {}): Uint8Array {
  return link({
    base: baseImage(),
    manifest: createManifest([]),
    program: { buildId: ENGINE, bytecode: filler(300, 9) },
    debugId: DEBUG_ID,
    sbom: JSON.stringify(SBOM),
    ...changes,
  });
}

/** An image of somebody else with one more note. */
function withNote(...notes: Uint8Array[]): ImageInfo {
  const image = upstreamImage("spt", createManifest([]));
  const view = new DataView(image.buffer);
  const headers = Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = 64 + 56 * index;
    const field = (offset: number) => Number(view.getBigUint64(at + offset, true));
    const content = image.subarray(field(8), field(8) + field(32));
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      vaddr: field(16),
      offset: field(8),
      content: field(32) === 0 ? undefined : content,
      memsz: field(40),
      align: field(48),
    };
  });
  const more = notes.map((content, index) => {
    const offset = 0x8000 + notes.slice(0, index).reduce((sum, { length }) => sum + length, 0);
    return { type: PT.NOTE, flags: R, vaddr: 0, offset, content };
  });
  const built = buildElf([...headers, ...more]);
  expect(brokenRule(built, 512n << 20n)).toBeUndefined();
  return read(built);
}

const [SBOM_TYPE, DEBUG_ID_TYPE, ENGINE_TYPE] = [0x314d4255, 0x31494455, 0x314e4555];
const sbomNote = (content: Uint8Array | string) =>
  note("uk\0", SBOM_TYPE, typeof content === "string" ? sbomBytes(content) : content);

describe("an image of ours", () => {
  it("says what it is, and tenders load it as before", () => {
    const image = linked();
    expect(brokenRule(image, 512n << 20n)).toBeUndefined();
    expect(verify(image).ok).toBe(true);
    const info = read(image);
    expect(info).toMatchObject({ debugId: DEBUG_ID, refusals: [], faults: [] });
    expect(info.sbom?.document).toEqual(SBOM);
    expect(info.sbom?.packages).toEqual([
      { name: "@scope/one", version: "1.2.3", license: "MIT OR ISC" },
      { name: "two", version: undefined, license: "ISC, mine" },
    ]);
    expect(format(info)).toContain(`\ndebug id    ${DEBUG_ID}\n`);
    expect(format(info)).toContain(
      "\n\npackage     version  licence\n@scope/one  1.2.3    MIT OR ISC\ntwo         -        ISC, mine\n",
    );
    expect(toJson(info).packages?.[1]).toEqual({ name: "two", version: null, license: "ISC, mine" });
  });

  it("has these notes in no segment, in front of the program in the file", () => {
    const info = read(linked());
    const mine = info.notes.filter(({ kind }) => ["image id", "debug id", "sbom"].includes(kind ?? ""));
    expect(mine).toHaveLength(3);
    for (const { offset, contentOffset, size } of mine) {
      expect(contentOffset + size).toBeLessThanOrEqual(info.program?.offset ?? 0);
      for (const segment of info.segments) {
        const apart = offset >= segment.offset + segment.filesz || contentOffset + size <= segment.offset;
        expect(apart).toBe(true);
      }
    }
    expect(read(linked()).sizes.memory).toBe(read(linked({ sbom: "x".repeat(100_000) })).sizes.memory);
  });

  it("has an id that is the beginning of SHA-256 of all in front of the checksum, without itself", () => {
    const image = linked();
    const { id, notes } = read(image);
    const at = notes.find(({ kind }) => kind === "image id")?.contentOffset ?? 0;
    const bytes = image.slice(0, -4);
    bytes.fill(0, at, at + 20);
    expect(id).toBe(createHash("sha256").update(bytes).digest("hex").slice(0, 40));
    expect(read(linked()).id).toBe(id);
    for (const changes of [
      { debugId: DEBUG_ID.replace("0f", "1f") },
      { sbom: JSON.stringify({ ...SBOM, version: 2 }) },
      { program: { buildId: ENGINE, bytecode: filler(300, 8) } },
    ]) {
      expect(read(linked(changes)).id).not.toBe(id);
    }
  });

  it("tells engine and guest of its base image, if that says", () => {
    expect(read(linked()).engine).toBeUndefined();
    const pieces = basePieces();
    const content = note("uk\0", ENGINE_TYPE, new TextEncoder().encode("quickjs-ng 0.1\n@uk/runtime 0.2\n"));
    pieces.rodata.content?.set(content, 0x100);
    pieces.stack = { ...pieces.abi, offset: 0x3100, vaddr: 0x102100, filesz: content.length };
    const info = read(linked({ base: baseImage(pieces) }));
    expect(info.engine).toEqual([
      { name: "quickjs-ng", version: "0.1" },
      { name: "@uk/runtime", version: "0.2" },
    ]);
    expect(format(info)).toContain("\nengine      quickjs-ng 0.1, @uk/runtime 0.2\n");
  });

  it("keeps what is not ASCII in its bill of materials", () => {
    const document = { ...SBOM, components: [{ name: "größe\u{1f600}" }] };
    expect(read(linked({ sbom: JSON.stringify(document) })).sbom?.document).toEqual(document);
  });

  it("needs none of it", () => {
    const image = link({
      base: baseImage(),
      manifest: createManifest([]),
      program: { buildId: ENGINE, bytecode: filler(300, 9) },
    });
    expect(read(image)).toMatchObject({ debugId: undefined, sbom: undefined, faults: [] });
  });

  it("cannot be linked with what is no debug id, and no text of at most 4 MiB", () => {
    for (const debugId of ["", DEBUG_ID.toUpperCase(), `${DEBUG_ID}0`, DEBUG_ID.replaceAll("-", "")]) {
      expect(() => linked({ debugId })).toThrow(RangeError);
    }
    expect(() => linked({ sbom: "x".repeat(SBOM_MAX + 1) })).toThrow(RangeError);
    expect(() => linked({ sbom: SBOM as never })).toThrow(TypeError);
  });

  const readelf = spawnSync("readelf", ["--version"]).status === 0;
  if (!readelf) console.info("skipped: readelf and an image's build id (no readelf)");
  it.skipIf(!readelf)("has an id that readelf shows", () => {
    const folder = mkdtempSync(join(tmpdir(), "uk-image-"));
    try {
      const file = join(folder, "app.spt");
      writeFileSync(file, linked());
      const { stdout, stderr } = spawnSync("readelf", ["-n", file], { encoding: "utf8" });
      expect(stdout).toContain(`Build ID: ${read(linked()).id}\n`);
      expect(stderr).toBe("");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("notes of hostile images", () => {
  it.each([
    { why: "no JSON", content: "{", says: "is not JSON, or nested too deep" },
    { why: "no ASCII", content: Uint8Array.of(0x22, 0xff, 0x22), says: "is not ASCII" },
    { why: "another document", content: "{}", says: "is not a CycloneDX document with components" },
    { why: "no document", content: "null", says: "is not a CycloneDX document with components" },
    {
      why: "too much",
      content: new Uint8Array(SBOM_MAX + 1),
      says: `has ${SBOM_MAX + 1} bytes, of which at most ${SBOM_MAX} are read`,
    },
  ])("says what is wrong with a bill of materials that is $why", ({ content, says }) => {
    const { sbom, faults } = withNote(sbomNote(content));
    expect(sbom).toBeUndefined();
    expect(faults).toEqual([{ code: "BAD_NOTE", rule: "sbom", message: `the bill of materials ${says}` }]);
  });

  it("never throws for what a bill of materials says, and shows printable text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (value, components) => {
        for (const document of [value, { bomFormat: "CycloneDX", components: [...components, value] }]) {
          const info = withNote(sbomNote(JSON.stringify(document)));
          expect(format(info)).toMatch(/^[\p{L}\p{M}\p{N}\p{P}\p{S} \n]*$/u);
          JSON.stringify(toJson(info));
        }
      }),
      { numRuns: 300 },
    );
    const hostile = {
      name: "a\u001b[31m\u009b\u202e",
      version: "1".repeat(5000),
      licenses: [{ license: 5 }, null],
    };
    const { sbom } = withNote(sbomNote(JSON.stringify({ bomFormat: "CycloneDX", components: [hostile] })));
    expect(sbom?.packages).toEqual([
      { name: "a\\u{1b}[31m\\u{9b}\\u{202e}", version: "1".repeat(256), license: undefined },
    ]);
  });

  it("leaves out a debug id of another size, and an id that nobody would read", () => {
    const info = withNote(note("uk\0", DEBUG_ID_TYPE, filler(15, 1)), note("GNU\0", 3, filler(65, 1)));
    expect(info).toMatchObject({ debugId: undefined, id: undefined, faults: [] });
    expect(withNote(note("GNU\0", 3, Uint8Array.of(0xab, 0xcd))).id).toBe("abcd");
  });

  it("lists 256 notes of a million, with printable owners", () => {
    const many = new Uint8Array(12 * 100_000);
    expect(withNote(many).notes).toHaveLength(256);
    const { notes } = withNote(note("\u001b[31m\0", 7, filler(3, 1)), note("x".repeat(200), 1, filler(3, 1)));
    expect(notes.slice(3).map(({ owner, kind }) => [owner, kind])).toEqual([
      ["\\u{1b}[31m", undefined],
      ["x".repeat(64), undefined],
    ]);
  });

  it("reads what an engine's note says, however long", () => {
    const text = `a\u001b 1\nb\nc 2 3\n${"x 1\n".repeat(5000)}`;
    const { engine } = withNote(note("uk\0", ENGINE_TYPE, new TextEncoder().encode(text)));
    expect(engine?.slice(0, 2)).toEqual([
      { name: "a\\u{1b}", version: "1" },
      { name: "c", version: "2" },
    ]);
    expect(engine?.length).toBeLessThan(300);
  });
});
