import { createManifest } from "@uk/manifest";
import { describe, expect, it } from "vitest";
import { format, link, read, toJson } from "./index.ts";
import { baseImage, ENGINE, filler, upstreamImage } from "./testing/elf-builder.ts";

const MANIFEST = createManifest([
  { name: "service", type: "NET_BASIC" },
  { name: "disk", type: "BLOCK_BASIC" },
]);
const OURS = read(
  link({
    base: baseImage(),
    manifest: MANIFEST,
    program: { buildId: ENGINE, bytecode: filler(300, 9) },
  }),
);
const UPSTREAM = read(upstreamImage("hvt", createManifest([])));

describe("format", () => {
  it("shows facts, segments and devices of an image of ours", () => {
    expect(format(OURS)).toBe(`target      spt, ABI version 2
file        24576 bytes, 10624 of them loaded
memory      22336 bytes before heap and stack
entry       0x100020
image end   0x108000
kernel end  0x108000
W^X         holds
image id    4cfe621a7e5dddbaa4190ba34b922c0113bea5b7
build id    01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da
program     300 bytes of bytecode at 0x107000, 8388608 bytes of stack

flags  from      to        memory  in file  at
R-X    0x100000  0x101230  4656    4656     0x1000
R--    0x102000  0x102300  768     768      0x3000
RW-    0x103000  0x106210  12816   1104     0x4000
R--    0x107000  0x108000  4096    4096     0x5000

note           owner    type        bytes  at
not_openbsd    OpenBSD  0x1         4      0x3000
abi            Solo5    0x31494241  16     0x3018
base build id  uk       0x31444955  32     0x303c
manifest       Solo5    0x3154464d  324    0x5048
image id       GNU      0x3         20     0x4450

handle  device   type
1       service  NET_BASIC
2       disk     BLOCK_BASIC
`);
  });

  it("says what an image of somebody else's lacks", () => {
    const text = format(UPSTREAM);
    expect(text).toContain("image id    none\nbuild id    none of ours\nprogram     none of ours\n");
    expect(text).toMatch(/RW- {4}0x106000 {2}0x309ca0 {2}2112672 {2}0 {8}-\n/);
    expect(text.endsWith("\n\nno devices\n")).toBe(true);
  });
});

describe("format of an image that tenders refuse", () => {
  it("shows the rules that it breaks below all else", () => {
    const image = upstreamImage("spt", MANIFEST);
    new DataView(image.buffer).setBigUint64(24, 5n, true);
    const message = "the entry point 0x5 is not in 0x100000..0x20000000";
    expect(format(read(image))).toContain(
      `BLOCK_BASIC\n\nrefused by tenders: BAD_ENTRY: ${message} (entry)\n`,
    );
    expect(toJson(read(image)).refusals).toEqual([{ code: "BAD_ENTRY", rule: "entry", message }]);
  });
});

describe("an image with an entry of a reserved type in its manifest", () => {
  it("shows devices with the handles that the guest knows them by", () => {
    const image = upstreamImage("hvt", MANIFEST);
    const type = Buffer.from(image).indexOf("service\0") + 68;
    new DataView(image.buffer).setUint32(type, 0x40000000, true);
    const info = read(image);
    expect(format(info)).toMatch(/\n2 {7}disk {4}BLOCK_BASIC\n$/);
    expect(toJson(info).devices).toEqual([{ handle: 2, name: "disk", type: "BLOCK_BASIC" }]);
    expect(info.manifest.devices).toEqual([{ name: "disk", type: "BLOCK_BASIC" }]);
  });
});

describe("toJson", () => {
  it("survives JSON unchanged, with addresses as hexadecimal text", () => {
    for (const info of [OURS, UPSTREAM]) {
      const json = toJson(info);
      expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    }
    expect(toJson(OURS)).toMatchObject({
      entry: "0x100020",
      devices: [
        { handle: 1, name: "service", type: "NET_BASIC" },
        { handle: 2, name: "disk", type: "BLOCK_BASIC" },
      ],
      program: {
        vaddr: "0x107000",
        offset: "0x5000",
        size: 4096,
        bytecodeOffset: "0x51a0",
        bytecodeSize: 300,
        stack: 8388608,
      },
    });
    expect(toJson(UPSTREAM)).toMatchObject({ id: null, buildId: null, program: null, packages: null });
  });
});
