import {
  type ElfFile,
  hex,
  ImageError,
  type ImageErrorCode,
  LOAD_MIN,
  PAGE_SIZE,
  PF_W,
  PF_X,
  type ProgramHeader,
  PT_LOAD,
} from "@uk/manifest/elf";

/** What the loader makes of an image. */
export interface LoadPlan {
  /** The PT_LOADs that the loader considers, in ascending order. */
  readonly loaded: readonly ProgramHeader[];
  /** End of the highest of them, rounded up to its alignment: upstream's `kernel_end`, bss of its own left out. */
  readonly kernelEnd: number;
  /** Highest byte in use, bss of its own included, plus one. */
  readonly imageEnd: number;
}

/**
 * Applies the loader's rules to entry point and segments: ABI section 3.1, then ABI section 3.2, L1-L11, in their order.
 * A PT_LOAD without file content, which upstream ignores, must at least lie where the guest may have memory (ABI section
 * 9 #6).
 *
 * @param memBytes - guest memory; every number in the plan is at most this
 * @throws {ImageError}
 */
export function checkSegments(elf: ElfFile, memBytes: number): LoadPlan {
  const refuse = (code: ImageErrorCode, why: string) => new ImageError(elf.subject, code, why);
  const size = BigInt(memBytes);
  const min = BigInt(LOAD_MIN);
  if (elf.entry < min || elf.entry >= size) {
    throw refuse("BAD_ENTRY", `the entry point ${hex(elf.entry)} is not in ${hex(min)}..${hex(size)}`);
  }
  const loaded: ProgramHeader[] = [];
  let previousVaddr = 0n;
  let kernelEnd = 0n;
  let imageEnd = 0n;
  for (const header of elf.headers) {
    if (header.type !== PT_LOAD) continue;
    const { index, vaddr, filesz, memsz, align, offset, flags } = header;
    const segment = `segment ${index} at ${hex(vaddr)}`;
    if (filesz === 0n) {
      if (memsz === 0n) continue;
      if (vaddr < min) throw refuse("SEGMENT_TOO_LOW", `${segment} (bss) is below ${hex(min)}`);
      if (vaddr + memsz > size) {
        const why = `${segment} (bss) ends at ${hex(vaddr + memsz)}, above the memory's end ${hex(size)}`;
        throw refuse("SEGMENT_OUTSIDE_MEMORY", why);
      }
      if (vaddr + memsz > imageEnd) imageEnd = vaddr + memsz;
      continue;
    }
    // L1, L2
    if (vaddr < min) throw refuse("SEGMENT_TOO_LOW", `${segment} is below ${hex(min)}`);
    if (vaddr < previousVaddr) {
      throw refuse("SEGMENT_ORDER", `${segment} follows one at ${hex(previousVaddr)}: not ascending`);
    }
    // L3, L4
    if (align === 0n || (align & (align - 1n)) !== 0n) {
      throw refuse("SEGMENT_ALIGNMENT", `${segment}: the alignment ${hex(align)} is not a power of two`);
    }
    const start = vaddr - (vaddr % align);
    if (start < min) {
      throw refuse("SEGMENT_ALIGNMENT", `${segment}: aligned to ${hex(align)} it starts below ${hex(min)}`);
    }
    // L5
    if (start < kernelEnd) {
      throw refuse("SEGMENT_OVERLAP", `${segment} overlaps the pages of one that ends at ${hex(kernelEnd)}`);
    }
    // L6, L7, L8
    if (vaddr >= size || vaddr + filesz > size) {
      throw refuse(
        "SEGMENT_OUTSIDE_MEMORY",
        `${segment} ends at ${hex(vaddr + filesz)}, above the memory's end ${hex(size)}`,
      );
    }
    if (memsz < filesz) {
      throw refuse("SEGMENT_SIZES", `${segment} has ${filesz} bytes in the file and only ${memsz} in memory`);
    }
    const end = ((vaddr + memsz + align - 1n) / align) * align;
    if (end > size) {
      throw refuse(
        "SEGMENT_OUTSIDE_MEMORY",
        `${segment} ends at ${hex(end)}, above the memory's end ${hex(size)}`,
      );
    }
    // L9
    if (offset + filesz > BigInt(elf.size)) {
      throw refuse("TRUNCATED", `the file ends before the content of ${segment}`);
    }
    // L10, L11
    if (start % BigInt(PAGE_SIZE) !== 0n || end % BigInt(PAGE_SIZE) !== 0n) {
      throw refuse("SEGMENT_ALIGNMENT", `${segment}: aligned to ${hex(align)} it does not fill whole pages`);
    }
    if ((flags & PF_W) !== 0 && (flags & PF_X) !== 0) {
      throw refuse("WRITE_AND_EXECUTE", `${segment} is both writable and executable`);
    }
    loaded.push(header);
    previousVaddr = vaddr;
    kernelEnd = end;
    if (vaddr + memsz > imageEnd) imageEnd = vaddr + memsz;
  }
  return { loaded, kernelEnd: Number(kernelEnd), imageEnd: Number(imageEnd) };
}
