import { describe, expect, it } from "vitest";
import type { GuestOptions } from "./guest-options.ts";
import { optionWords } from "./option-words.ts";

const name67 = "n".repeat(67);

describe("options become words", () => {
  it.each<{ options: GuestOptions; words: string[]; descriptors?: number[] }>([
    { options: {}, words: [] },
    { options: { mem: 64 }, words: ["--mem=64"] },
    { options: { mem: 2 ** 40 }, words: ["--mem=1099511627776"] },
    { options: { net: { service: "tap0" } }, words: ["--net:service=tap0"] },
    {
      options: { net: { a: { interface: "tap0", mac: "02:00:00:00:00:01" } } },
      words: ["--net:a=tap0", "--net-mac:a=02:00:00:00:00:01"],
    },
    {
      options: { net: { a: { fd: 20 }, b: { fd: 0, mac: "2:0:0:0:0:1" }, c: { fd: 20 } } },
      words: ["--net:a=@3", "--net:b=@4", "--net-mac:b=2:0:0:0:0:1", "--net:c=@3"],
      descriptors: [20, 0],
    },
    { options: { block: { disk: "my disk=1.img" } }, words: ["--block:disk=my disk=1.img"] },
    {
      options: { block: { disk: { path: "-x", blockSize: 4096 } } },
      words: ["--block:disk=-x", "--block-sector-size:disk=4096"],
    },
    {
      options: { block: { disk: { path: "x", shared: true }, other: { path: "y", shared: false } } },
      words: ["--block:disk=x", "--block-lock:disk=shared", "--block:other=y"],
    },
    { options: { block: { [name67]: { path: "@1" } } }, words: [`--block:${name67}=@1`] },
    {
      options: { block: { b: "b.img" }, net: { a: "tap0" }, mem: 1 },
      words: ["--mem=1", "--net:a=tap0", "--block:b=b.img"],
    },
  ])("$words", ({ options, words, descriptors = [] }) => {
    expect(optionWords(options)).toEqual({ words, descriptors });
  });

  it("of 63 devices", () => {
    const numbers = Array.from({ length: 63 }, (_, index) => index);
    const net = Object.fromEntries(numbers.map((number) => [`n${number}`, { fd: 100 + number }]));
    expect(optionWords({ net })).toEqual({
      words: numbers.map((number) => `--net:n${number}=@${3 + number}`),
      descriptors: numbers.map((number) => 100 + number),
    });
  });
});

describe("what no word can say is refused", () => {
  it.each<{ options: unknown; error: typeof TypeError | typeof RangeError; says: string }>([
    ...["", "a=b", "a b", "ä", "a:b", "n".repeat(68), "a\0"].flatMap((name) => [
      { options: { net: { [name]: "tap0" } }, error: RangeError, says: "is not a device name" },
      { options: { block: { [name]: "x" } }, error: RangeError, says: "is not a device name" },
    ]),
    ...[0, -1, 1.5, Number.NaN, 2 ** 53, 1e300].map((mem) => ({
      options: { mem },
      error: RangeError,
      says: `mem: ${mem} is not a whole number, 1 or more`,
    })),
    { options: { mem: "64" }, error: TypeError, says: "mem: 64 is not a number" },
    { options: { net: { a: "" } }, error: TypeError, says: "net.a: is empty" },
    { options: { net: { a: "@3" } }, error: RangeError, says: "hand a descriptor over as { fd }" },
    { options: { net: { a: { interface: "@3" } } }, error: RangeError, says: "net.a" },
    { options: { net: { a: { interface: "t\0" } } }, error: TypeError, says: "net.a.interface" },
    { options: { net: { a: {} } }, error: TypeError, says: "net.a.interface: undefined is not a string" },
    { options: { net: [] }, error: TypeError, says: "net: an array is not an object" },
    { options: { net: "tap0" }, error: TypeError, says: "net: tap0 is not an object" },
    { options: { block: null }, error: TypeError, says: "block: null is not an object" },
    { options: { block: { b: [] } }, error: TypeError, says: "block.b: an array is neither" },
    { options: { net: { a: null } }, error: TypeError, says: "net.a: null is neither" },
    { options: { net: { a: 3 } }, error: TypeError, says: "net.a: 3 is neither" },
    { options: { net: { a: { fd: -1 } } }, error: RangeError, says: "net.a.fd: -1" },
    { options: { net: { a: { fd: "3" } } }, error: TypeError, says: "net.a.fd: 3 is not a number" },
    { options: { net: { a: { fd: 3, mac: "" } } }, error: TypeError, says: "net.a.mac: is empty" },
    { options: { block: { b: "" } }, error: TypeError, says: "block.b: is empty" },
    { options: { block: { b: "x\0y" } }, error: TypeError, says: "block.b" },
    { options: { block: { b: { path: 1 } } }, error: TypeError, says: "block.b.path: 1 is not a string" },
    {
      options: { block: { b: { path: "x", shared: 1 } } },
      error: TypeError,
      says: "block.b.shared: 1 is not",
    },
    {
      options: { block: { b: { path: "x", blockSize: 0.5 } } },
      error: RangeError,
      says: "block.b.blockSize",
    },
  ])("$options", ({ options, error, says }) => {
    const call = () => optionWords(options as GuestOptions);
    expect(call).toThrow(error);
    expect(call).toThrow(says);
  });
});
