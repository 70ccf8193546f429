import { describe, expect, it } from "vitest";
import { block, constant, type Device, map, net } from "./device.ts";
import { collectDevices, manifestLine } from "./manifest.ts";

const never = (): never => {
  throw new Error("a manifest calls no map");
};
const names = (...devices: Device<unknown>[]): string[] => collectDevices(devices).map(({ name }) => name);

describe("the manifest of a device list", () => {
  it.each([
    { why: "no device", devices: [], line: '{"type":"solo5.manifest","version":1,"devices":[]}' },
    {
      why: "a network and a block device",
      devices: [net("service"), block("disk")],
      line: '{"type":"solo5.manifest","version":1,"devices":[{"name":"service","type":"NET_BASIC"},{"name":"disk","type":"BLOCK_BASIC"}]}',
    },
  ])("[190] is one line of JSON, byte for byte: $why", ({ devices, line }) => {
    expect(manifestLine(devices)).toBe(line);
  });

  it("[191] has the devices in declaration order, depth first", () => {
    expect(names(net("a"), map([net("b"), map([block("c")], never), net("d")], never), net("e"))).toEqual([
      ...["a", "b", "c", "d", "e"],
    ]);
  });

  it("leaves constants out, and keeps the order around them", () => {
    expect(names(net("a"), net("b"), constant(1), net("c"))).toEqual(["a", "b", "c"]);
    expect(names(constant(1), map([constant(2)], never))).toEqual([]);
  });

  it("lists a name once, wherever it is declared again", () => {
    const disk = block("disk");
    expect(names(disk, map([disk, block("disk")], never), disk, net("a"), net("a"))).toEqual(["disk", "a"]);
  });

  it("takes one name for a device of each type", () => {
    expect(collectDevices([net("x"), map([block("x"), net("x")], never), block("x")])).toEqual([
      { name: "x", type: "NET_BASIC" },
      { name: "x", type: "BLOCK_BASIC" },
    ]);
  });

  it("holds 63 devices and no more", () => {
    const many = Array.from({ length: 64 }, (_, index) => net(`n${index}`));
    expect(names(...many.slice(1))).toHaveLength(63);
    expect(names(...many.slice(1), ...many.slice(1))).toHaveLength(63);
    expect(() => names(...many)).toThrow(RangeError);
  });

  it("refuses what is not a device", () => {
    expect(() => names({})).toThrow(TypeError);
  });
});
