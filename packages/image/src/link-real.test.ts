import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManifest, encodeNote } from "@uk/manifest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { link, read } from "./index.ts";
import { ENGINE, note } from "./testing/elf-builder.ts";

/** A base image in C: it writes what it finds behind its bss, then exits with a status out of its data. */
const SOURCE = `
typedef unsigned long u64;
__attribute__((section(".interp"), used)) const char interp[24] = "/nonexistent/solo5/";
NOTES
volatile int status[700] = { 7 };
volatile char bss[123457];
extern char end_of_bss[];
static void write_stdout(const void *bytes, u64 size)
{
    u64 ret = 1;
    __asm__ volatile("syscall" : "+a"(ret) : "D"(1), "S"(bytes), "d"(size) : "rcx", "r11", "memory");
}
__attribute__((noreturn, used)) void _start(void)
{
    char *program = (char *)(((u64)end_of_bss + 4095) & ~4095ul);
    write_stdout(program, 7);
    write_stdout(program + *(u64 *)(program + 48), *(u64 *)(program + 56));
    bss[100000] = 1;
    __asm__ volatile("syscall" : : "a"(231), "D"(status[0] + bss[5]));
    __builtin_unreachable();
}
`;

const SCRIPT = `
ENTRY(_start)
PHDRS {
  interp PT_INTERP; text PT_LOAD; rodata PT_LOAD; data PT_LOAD;
  n1 PT_NOTE FLAGS(4); n2 PT_NOTE FLAGS(4); n3 PT_NOTE FLAGS(4); stack PT_GNU_STACK FLAGS(6);
}
SECTIONS {
  . = 0x100000;
  .interp : { *(.interp) } :text :interp
  .text : { *(.text*) } :text
  . = ALIGN(0x1000);
  .note.1 : { *(.note.1) } :rodata :n1
  .note.2 : { *(.note.2) } :rodata :n2
  .note.3 : { *(.note.3) } :rodata :n3
  .rodata : { *(.rodata*) } :rodata
  . = ALIGN(0x1000);
  .data : { *(.data*) } :data
  .bss : { *(.bss*) } :data
  end_of_bss = .;
  /DISCARD/ : { *(.eh_frame) *(.note.gnu*) *(.comment) }
}
`;

function bytesInC(name: string, bytes: Uint8Array): string {
  const attributes = `__attribute__((section(".note.${name}"), used, aligned(4)))`;
  return `${attributes} const unsigned char note_${name}[] = { ${[...bytes].join(", ")} };\n`;
}

const reasons = [
  process.platform === "linux" && process.arch === "x64" ? "" : "not Linux on x86_64",
  spawnSync("gcc", ["--version"]).status === 0 ? "" : "no gcc",
].filter((reason) => reason !== "");
if (reasons.length > 0)
  console.info(`skipped: linking a base image made by a C compiler (${reasons.join(", ")})`);

describe.skipIf(reasons.length > 0)("link with a base image made by a real linker", () => {
  let folder: string;
  let base: Uint8Array;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "uk-image-"));
    const notes = [
      bytesInC("1", note("OpenBSD\0", 1, new Uint8Array(4))),
      bytesInC("2", encodeNote({ type: "solo5.abi", target: "spt", version: 2 })),
      bytesInC("3", note("uk\0", 0x31444955, ENGINE)),
    ];
    const [source, script, output] = ["base.c", "base.ld", "base.elf"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(source, SOURCE.replace("NOTES", notes.join("")));
    writeFileSync(script, SCRIPT);
    const code = ["-O1", "-g", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fcf-protection=none"];
    const link = [
      "-nostdlib",
      "-static",
      "-no-pie",
      `-Wl,-T,${script},-z,max-page-size=0x1000,--build-id=none`,
    ];
    execFileSync("gcc", [...code, ...link, source, "-o", output]);
    base = readFileSync(output);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function linked(): Uint8Array {
    const bytecode = new TextEncoder().encode(" says hello from the page behind bss\n");
    return link({ base, manifest: createManifest([]), program: { buildId: ENGINE, bytecode } });
  }

  it("leaves symbols and debug information behind", () => {
    expect(linked().length).toBeLessThanOrEqual(0x5000);
    expect(read(linked()).segments.map(({ flags }) => flags)).toEqual(["R-X", "R--", "RW-", "R--"]);
  });

  it("puts the program where the guest looks for it, with text, data and bss intact", () => {
    const image = linked();
    // The host refuses an image because of its PT_INTERP; without that one header it is an ordinary process.
    new DataView(image.buffer).setUint32(64, 0, true);
    const file = join(folder, "process");
    writeFileSync(file, image, { mode: 0o755 });
    const { stdout, status } = spawnSync(file, { encoding: "utf8" });
    expect(stdout).toBe("UKPROG2 says hello from the page behind bss\n");
    expect(status).toBe(7);
  });
});
