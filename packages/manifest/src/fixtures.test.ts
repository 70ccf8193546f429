import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  createManifest,
  type DeviceDeclaration,
  decodeNote,
  encodeNote,
  format,
  parse,
  toC,
} from "./index.ts";

/*
 * The golden files hold our bytes still; the readers in Rust read the same ones. They are rewritten, for a change
 * that is meant, by running these tests with UPDATE_GOLDEN=1, and the diff goes into the commit.
 */
const { UPDATE_GOLDEN } = process.env;
const FOLDER = new URL("../fixtures/", import.meta.url);

function golden(name: string, contents: Uint8Array | string): void {
  const file = new URL(name, FOLDER);
  if (UPDATE_GOLDEN === "1") writeFileSync(file, contents);
  expect(readFileSync(file).equals(Buffer.from(contents)), `fixtures/${name} differs`).toBe(true);
}

function read(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

const MANIFESTS: Readonly<Record<string, readonly DeviceDeclaration[]>> = {
  "devices-0": [],
  "devices-1": [{ name: "service", type: "NET_BASIC" }],
  "devices-2": [
    { name: "service", type: "NET_BASIC" },
    { name: "disk", type: "BLOCK_BASIC" },
  ],
  "devices-63": Array.from({ length: 63 }, (_, i) => ({
    name: i === 62 ? "Z".repeat(67) : `device${i}`,
    type: i % 2 === 0 ? "NET_BASIC" : "BLOCK_BASIC",
  })),
};

describe("golden files", () => {
  it.each(Object.entries(MANIFESTS))("hold JSON, note and C of %s", (name, devices) => {
    const manifest = createManifest(devices);
    golden(`${name}.json`, format(manifest));
    golden(`${name}.bin`, encodeNote(manifest));
    golden(`${name}.c`, toC(manifest));
    expect(parse(read(`${name}.json`))).toEqual(manifest);
    expect(decodeNote(read(`${name}.bin`))).toEqual(manifest);
  });

  it.each(["hvt", "spt"] as const)("hold the ABI note of %s", (target) => {
    golden(`abi-${target}.bin`, encodeNote({ type: "solo5.abi", target, version: 2 }));
    expect(decodeNote(read(`abi-${target}.bin`))).toMatchObject({ target, version: 2 });
  });
});
