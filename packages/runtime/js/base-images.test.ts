import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { TARGETS, type Target } from "@uk/manifest";
import { describe, expect, it } from "vitest";
import { baseImagePath } from "./index.ts";
import { buildId } from "./parts.ts";

/** End of the slot of the bindings (link/base.ld). */
const SLOT_END = 0x14_0000;

interface Section {
  readonly name: string;
  readonly type: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly bytes: string;
}

/** Sections behind the slot, with their content. */
function sections(target: Target): Section[] {
  const file = baseImagePath(target);
  const text = execFileSync("readelf", ["-SW", file], { encoding: "utf8" });
  const rows = text.matchAll(/^ +\[ *\d+\] (\.\S+) +(\w+) +(\w+) (\w+) (\w+) /gm);
  const image = readFileSync(file);
  return [...rows]
    .map(([, name = "", type = "", ...numbers]) => {
      const [address = 0, offset = 0, size = 0] = numbers.map((digits) => Number.parseInt(digits, 16));
      const bytes = type === "NOBITS" ? "" : image.toString("hex", offset, offset + size);
      return { name, type, address, offset, size, bytes };
    })
    .filter(({ address }) => address >= SLOT_END);
}

describe("base images", () => {
  it("hold the same bytes at the same addresses behind the bindings, but for the ABI note", () => {
    const [first, ...others] = TARGETS.map(sections);
    expect(first?.map(({ name }) => name)).toEqual([
      ".text",
      ".note.solo5.not_openbsd",
      ".note.solo5.abi",
      ".note.uk.build-id",
      ".note.uk.engine",
      ".rodata",
      ".data",
      ".processor",
      ".bss",
    ]);
    for (const other of others)
      for (const [index, section] of other.entries()) {
        const same = first?.[index];
        expect({ ...section, bytes: "", offset: 0 }).toEqual({ ...same, bytes: "", offset: 0 });
        if (section.name === ".note.solo5.abi") expect(section.bytes).not.toBe(same?.bytes);
        else expect(section.bytes === same?.bytes, section.name).toBe(true);
      }
  });

  it("carry one build id: a digest of what is behind the bindings, the notes left out", async () => {
    const { codeId } = (await import("../scripts/build-id.mjs" as string)) as {
      codeId(elf: Uint8Array): Uint8Array;
    };
    for (const target of TARGETS) {
      const elf = readFileSync(baseImagePath(target));
      const id = Buffer.from(buildId()).toString("hex");
      expect(Buffer.from(codeId(elf)).toString("hex")).toBe(id);
      for (const { name, offset, size, bytes } of sections(target)) {
        if (name === ".note.uk.build-id") expect(bytes.slice(32)).toBe(id);
        if (bytes === "") continue;
        const last = offset + size - 1;
        elf.writeUInt8(elf.readUInt8(last) ^ 1, last);
        expect(Buffer.from(codeId(elf)).toString("hex") === id, name).toBe(name.startsWith(".note"));
        elf.writeUInt8(elf.readUInt8(last) ^ 1, last);
      }
    }
  });
});
