import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as api from "./index.ts";

/** An image without devices that ends with status 7: header, text, ABI note, manifest note. */
function image(): Uint8Array {
  const file = Buffer.alloc(0x1000 + 36 + 136);
  const notes = 0x1000;
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, 2],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 3],
  ] as const)
    file.writeUInt16LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [24, 0x100000],
    [32, 64],
  ] as const)
    file.writeUInt32LE(value, at);
  const segments = [
    { type: 1, flags: 5, offset: 0, vaddr: 0x100000, size: 0x1000, align: 0x1000 },
    { type: 4, flags: 4, offset: notes, vaddr: 0, size: 36, align: 4 },
    { type: 4, flags: 4, offset: notes + 36, vaddr: 0, size: 136, align: 4 },
  ];
  segments.forEach(({ type, flags, offset, vaddr, size, align }, index) => {
    const at = 64 + 56 * index;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(flags, at + 4);
    [offset, vaddr, vaddr, size, size, align].forEach((value, word) => {
      file.writeBigUInt64LE(BigInt(value), at + 8 + 8 * word);
    });
  });
  // mov edi, 7; mov eax, exit_group; syscall, at the entry point behind the headers
  const code = 64 + 56 * segments.length;
  file.set([0xbf, 7, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05], code);
  file.writeUInt32LE(0x100000 + code, 24);
  const note = (at: number, type: number, size: number) => {
    for (const [word, value] of [6, size, type].entries()) file.writeUInt32LE(value, at + 4 * word);
    file.write("Solo5", at + 12);
  };
  note(notes, 0x31494241, 16);
  file.writeUInt32LE(2, notes + 20);
  file.writeUInt32LE(2, notes + 24);
  note(notes + 36, 0x3154464d, 116);
  file.writeUInt32LE(1, notes + 60);
  file.writeUInt32LE(1, notes + 64);
  file.writeUInt32LE(0x40000000, notes + 68 + 68);
  return file;
}

it("runs the program in README.md", () => {
  const folder = new URL("..", import.meta.url);
  execFileSync("node", ["scripts/build.mjs"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  const program =
    readme
      .split("```ts\n")[1]
      ?.split("```")[0]
      ?.replace(/^import .*$/gm, "") ?? "";
  const lines: string[] = [];
  const cwd = mkdtempSync(join(tmpdir(), "uk-tender-spt-"));
  try {
    writeFileSync(join(cwd, "hello.spt"), image());
    const spawn: typeof spawnSync = ((path: string, words: string[], options: object) =>
      spawnSync(path, words, { ...options, cwd })) as typeof spawnSync;
    const console = { log: (line: string) => lines.push(line) };
    new Function("spawnSync", "binaryPath", "console", program)(spawn, api.binaryPath, console);
  } finally {
    rmSync(cwd, { recursive: true });
  }
  expect(lines).toEqual(["the guest ended with 7"]);
});
