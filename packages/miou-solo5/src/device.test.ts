import { describe, expect, it } from "vitest";
import { block, constant, declarationOf, map, net } from "./device.ts";

describe.each([
  { call: "net", declare: net },
  { call: "block", declare: block },
])("$call", ({ call, declare }) => {
  it.each(["a", "service", "Disk0", "0", "x".repeat(67)])("declares %s", (name) => {
    expect(declarationOf(declare(name))).toMatchObject({ kind: call, name });
  });

  it.each(["", "x".repeat(68), "eth 0", "eth-0", "a=b", "é", "a\0", "disk\n"])(
    "refuses the name %j",
    (name) => {
      expect(() => declare(name)).toThrow(RangeError);
      expect(() => declare(name)).toThrow(`${call}: device name ${JSON.stringify(name)}`);
    },
  );

  it.each([undefined, null, 7, ["a"]])("refuses %j, which is not a string", (name) => {
    expect(() => declare(name as never)).toThrow(TypeError);
  });
});

describe("a device", () => {
  it("is another one at each call, and cannot be changed", () => {
    expect(net("a")).not.toBe(net("a"));
    expect(Object.isFrozen(constant(1))).toBe(true);
  });

  it("keeps the list of a map as it was when the map was declared", () => {
    const list = [net("a")];
    const made = declarationOf(map(list, () => 0));
    list.push(net("b"));
    expect(made.kind === "map" && made.devices).toHaveLength(1);
  });

  it("is refused when it was not made here", () => {
    expect(() => declarationOf({})).toThrow(TypeError);
  });
});
