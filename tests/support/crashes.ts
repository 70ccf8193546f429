import { crc32 } from "node:zlib";
import { read } from "@uk/image";

/** What a shell shows for a process that this signal ended. */
const ended = { SIGSEGV: 139, SIGFPE: 136, SIGILL: 132 } as const;

/** A way to crash. */
export interface Crash {
  readonly why: string;
  /** Code of x86_64, at most 16 bytes. */
  readonly code: readonly number[];
  /** On spt the signal that ends the guest. */
  readonly spt: keyof typeof ended;
  /**
   * On hvt: a trap, whose report begins so and says where JavaScript was, unless it is not known what the
   * processor was in the middle of; or what the tender says, which ends the guest.
   */
  readonly hvt: { readonly trap: RegExp; readonly astray?: boolean } | { readonly tender: RegExp };
}

const NUL_8 = [8, 0, 0, 0];
const TEXT = [0x20, 0x00, 0x10, 0x00];
/** Somewhere in the data of the engine: whatever lies there, it is not code. */
const DATA = [0x00, 0x70, 0x24, 0x00];
const PROTECTED = /^solo5-hvt: guest killed: host\/guest translation fault: .*\(rip=0x[0-9a-f]+ rsp=/;

export const crashes: readonly Crash[] = [
  {
    why: "a null pointer that is written to",
    code: [0xc6, 0x04, 0x25, ...NUL_8, 1], // movb $1, 8
    spt: "SIGSEGV",
    hvt: { trap: /^#PF, page fault at rip=0x100080: it wrote 0x8, a null pointer, or close to one$/ },
  },
  {
    why: "a null pointer that is read",
    code: [0x8a, 0x04, 0x25, ...NUL_8], // movb 8, %al
    spt: "SIGSEGV",
    hvt: { trap: /^#PF, page fault at rip=0x100080: it read 0x8, a null pointer, or close to one$/ },
  },
  {
    why: "a null pointer that is called",
    code: [0x31, 0xc0, 0xff, 0xe0], // xor %eax, %eax; jmp *%rax
    spt: "SIGSEGV",
    hvt: { trap: /^#PF, page fault at rip=0x0: it (executed|read) 0x0, a null pointer, or close to one$/ },
  },
  {
    why: "memory that is not there",
    code: [0x48, 0xb8, 0, 0, 0, 0, 4, 0, 0, 0, 0xc6, 0x00, 1], // mov $2^34, %rax; movb $1, (%rax)
    spt: "SIGSEGV",
    hvt: { trap: /^#PF, page fault at rip=0x10008a: it wrote 0x400000000, where there is no memory$/ },
  },
  {
    why: "data that are executed",
    code: [0xb8, ...DATA, 0xff, 0xe0], // mov $data, %eax; jmp *%rax
    spt: "SIGSEGV",
    hvt: { trap: /^#PF, page fault at rip=0x247000: it executed 0x247000, which is not code$/, astray: true },
  },
  {
    why: "code that is overwritten",
    code: [0xc6, 0x04, 0x25, ...TEXT, 1], // movb $1, 0x100020
    spt: "SIGSEGV",
    hvt: { tender: PROTECTED },
  },
  {
    why: "a stack that overflows into the program below it",
    code: [0x50, 0xeb, 0xfd], // push %rax; jmp to it
    spt: "SIGSEGV",
    hvt: { tender: PROTECTED },
  },
  {
    why: "a division by zero",
    code: [0x31, 0xc9, 0x31, 0xd2, 0xf7, 0xf1], // xor %ecx, %ecx; xor %edx, %edx; div %ecx
    spt: "SIGFPE",
    hvt: { trap: /^#DE, divide error at rip=0x100084$/ },
  },
  {
    why: "an instruction that does not exist",
    code: [0x0f, 0x0b], // ud2
    spt: "SIGILL",
    hvt: { trap: /^#UD, instruction that does not exist at rip=0x100080$/ },
  },
];

/** The status of a guest that a signal ended. */
export const statusOf = (signal: keyof typeof ended): number => ended[signal];

/**
 * Where the bindings' table has the jump to `solo5_yield`
 * (packages/runtime/bindings/src/entries.rs): the seventh of its entries, 16 bytes each.
 */
const ENTRY = 0x10_0020 + 6 * 16;
const ENTRY_SIZE = 16;

/** The image with `code` in place of `solo5_yield`, sealed as the linker seals it. */
export function crashing(image: Uint8Array, code: readonly number[]): Buffer {
  if (code.length > ENTRY_SIZE) throw new Error("the code does not fit into an entry");
  const patched = Buffer.from(image);
  const segment = read(image).segments.find(({ vaddr, memsz }) => vaddr <= ENTRY && ENTRY < vaddr + memsz);
  if (segment === undefined) throw new Error("no segment of the image has the table of solo5.h");
  patched.set(code, segment.offset + ENTRY - segment.vaddr);
  patched.writeUInt32LE(crc32(patched.subarray(0, -4)), patched.length - 4);
  return patched;
}
