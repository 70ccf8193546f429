// What the reader in TypeScript makes of an image, as one line that crates/solo5-elf/tests/support/verdict.rs writes as well.
import { ImageError, type ImageSource, read } from "@uk/image";

/** What only our linker adds is no business of tenders (README of @uk/image). */
const OURS: readonly string[] = ["BAD_PROGRAM", "DAMAGED"];

/**
 * `+ ` and what a tender would load, at most so many segments of it, or `- ` and the code of the error; `undefined` of an
 * image that is refused for what only our linker adds.
 */
export function verdict(
  image: Uint8Array | ImageSource,
  memBytes: number,
  most = Number.POSITIVE_INFINITY,
): string | undefined {
  try {
    const { abi, devices, entry, kernelEnd, segments } = read(image, { memBytes });
    const loaded = segments.filter(({ filesz }) => filesz > 0);
    const listed = loaded
      .slice(0, most)
      .map(({ vaddr, filesz, offset, flags }) => `${hex(vaddr)} +${hex(filesz)} @${hex(offset)} ${flags}`);
    if (loaded.length > most) listed.push(`${loaded.length - most} more`);
    const names = devices.map(({ handle, type, name }) => `${handle} ${type} ${name}`);
    const where = `entry ${hex(entry)} end ${hex(kernelEnd)}`;
    return `+ target ${abi.targetNumber} version ${abi.version} ${where} devices [${names.join(", ")}] segments [${listed.join(", ")}]`;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return OURS.includes(error.code) ? undefined : `- ${error.code}`;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
