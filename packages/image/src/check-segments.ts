import {
  type ElfFile,
  hex,
  type ImageErrorCode,
  LOAD_MIN,
  PAGE_SIZE,
  PF_W,
  PF_X,
  type ProgramHeader,
  PT_LOAD,
} from "@uk/manifest/elf";
import { FINDINGS_MAX, type Finding } from "./finding.ts";

/** What the loader makes of an image. */
export interface LoadPlan {
  /** The PT_LOADs with content that break no rule, in ascending order. */
  readonly loaded: readonly ProgramHeader[];
  /** The last PT_LOAD whose content is in the file, whether it breaks a rule or not. */
  readonly last: ProgramHeader | undefined;
  /** End of the highest of `loaded`, rounded up to its alignment: upstream's `kernel_end`, bss of its own left out. */
  readonly kernelEnd: number;
  /** Highest byte in use, bss of its own included, plus one. */
  readonly imageEnd: number;
  /** The rules that are broken, each segment's first; {@link FINDINGS_MAX} at most. Empty: a tender loads it. */
  readonly refusals: readonly Finding[];
}

/**
 * Applies the loader's rules to entry point and segments: ABI section 3.1, then ABI section 3.2, L1-L11, in their order;
 * a segment is judged beside those in front of it that break none. A PT_LOAD without file content, which upstream
 * ignores, must at least lie where the guest may have memory (ABI section 9 #6).
 *
 * @param memBytes - guest memory; every end in the plan is at most this
 */
export function checkSegments(elf: ElfFile, memBytes: number): LoadPlan {
  const size = BigInt(memBytes);
  const refusals: Finding[] = [];
  const note = (finding: Finding | undefined): boolean => {
    if (finding !== undefined && refusals.length < FINDINGS_MAX) refusals.push(finding);
    return finding !== undefined;
  };
  note(wrongEntry(elf, size));
  const loaded: ProgramHeader[] = [];
  let last: ProgramHeader | undefined;
  let previousVaddr = 0n;
  let kernelEnd = 0n;
  let imageEnd = 0n;
  for (const header of elf.headers) {
    const { type, vaddr, filesz, memsz, offset } = header;
    if (type !== PT_LOAD || (filesz === 0n && memsz === 0n)) continue;
    if (filesz === 0n) {
      if (note(wrongBss(header, size))) continue;
    } else {
      if (offset + filesz <= BigInt(elf.size)) last = header;
      if (note(wrongSegment(elf, header, size, previousVaddr, kernelEnd))) continue;
      loaded.push(header);
      previousVaddr = vaddr;
      kernelEnd = endOf(header);
    }
    if (vaddr + memsz > imageEnd) imageEnd = vaddr + memsz;
  }
  return { loaded, last, kernelEnd: Number(kernelEnd), imageEnd: Number(imageEnd), refusals };
}

function wrongEntry({ entry }: ElfFile, size: bigint): Finding | undefined {
  const min = BigInt(LOAD_MIN);
  if (entry >= min && entry < size) return undefined;
  return {
    code: "BAD_ENTRY",
    rule: "entry",
    message: `the entry point ${hex(entry)} is not in ${hex(min)}..${hex(size)}`,
  };
}

function wrongBss({ index, vaddr, memsz }: ProgramHeader, size: bigint): Finding | undefined {
  const segment = `segment ${index} at ${hex(vaddr)} (bss)`;
  const end = vaddr + memsz;
  if (vaddr < LOAD_MIN) {
    return { code: "SEGMENT_TOO_LOW", rule: "bss", message: `${segment} is below ${hex(LOAD_MIN)}` };
  }
  if (end <= size) return undefined;
  const message = `${segment} ends at ${hex(end)}, above the memory's end ${hex(size)}`;
  return { code: "SEGMENT_OUTSIDE_MEMORY", rule: "bss", message };
}

function wrongSegment(
  elf: ElfFile,
  header: ProgramHeader,
  size: bigint,
  previousVaddr: bigint,
  highest: bigint,
): Finding | undefined {
  const { index, vaddr, filesz, memsz, align, offset, flags } = header;
  const segment = `segment ${index} at ${hex(vaddr)}`;
  const broken = (rule: string, code: ImageErrorCode, why: string): Finding => {
    return { code, rule, message: `${segment}${why}` };
  };
  const outside = (rule: string, end: bigint): Finding =>
    broken(rule, "SEGMENT_OUTSIDE_MEMORY", ` ends at ${hex(end)}, above the memory's end ${hex(size)}`);
  const min = BigInt(LOAD_MIN);
  if (vaddr < min) return broken("L1", "SEGMENT_TOO_LOW", ` is below ${hex(min)}`);
  if (vaddr < previousVaddr) {
    return broken("L2", "SEGMENT_ORDER", ` follows one at ${hex(previousVaddr)}: not ascending`);
  }
  if (align === 0n || (align & (align - 1n)) !== 0n) {
    return broken("L3", "SEGMENT_ALIGNMENT", `: the alignment ${hex(align)} is not a power of two`);
  }
  const start = vaddr - (vaddr % align);
  if (start < min) {
    return broken("L4", "SEGMENT_ALIGNMENT", `: aligned to ${hex(align)} it starts below ${hex(min)}`);
  }
  if (start < highest) {
    return broken("L5", "SEGMENT_OVERLAP", ` overlaps the pages of one that ends at ${hex(highest)}`);
  }
  if (vaddr >= size || vaddr + filesz > size) return outside("L6", vaddr + filesz);
  if (memsz < filesz) {
    return broken("L7", "SEGMENT_SIZES", ` has ${filesz} bytes in the file and only ${memsz} in memory`);
  }
  const end = endOf(header);
  if (end > size) return outside("L8", end);
  if (offset + filesz > BigInt(elf.size)) {
    const message = `the file ends before the content of ${segment}`;
    return { code: "TRUNCATED", rule: "L9", message };
  }
  if (start % BigInt(PAGE_SIZE) !== 0n || end % BigInt(PAGE_SIZE) !== 0n) {
    return broken("L10", "SEGMENT_ALIGNMENT", `: aligned to ${hex(align)} it does not fill whole pages`);
  }
  if ((flags & PF_W) !== 0 && (flags & PF_X) !== 0) {
    return broken("L11", "WRITE_AND_EXECUTE", " is both writable and executable");
  }
  return undefined;
}

/** End of a segment's memory, rounded up to its alignment. */
function endOf({ vaddr, memsz, align }: ProgramHeader): bigint {
  return ((vaddr + memsz + align - 1n) / align) * align;
}
