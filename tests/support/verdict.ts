// What the reader in TypeScript makes of an image, as one line that crates/solo5-elf/tests/support/verdict.rs writes as well.
import { ImageError, type ImageSource, read, verify } from "@uk/image";

/**
 * `+ ` and what a tender would load, at most so many segments of it, or `- ` and the code of the error; `undefined` of an
 * image that is refused for what only our linker adds.
 */
export function verdict(
  image: Uint8Array | ImageSource,
  memBytes: number,
  most = Number.POSITIVE_INFINITY,
): string | undefined {
  const found = verdictOfRead(image, memBytes, most);
  for (const { by, loads, reasons } of verify(image, { memBytes }).verdicts) {
    if (by !== "ours" || reasons.some(({ code }) => code.startsWith("WRONG_"))) continue;
    if (loads !== (found === undefined || found.startsWith("+")))
      throw new Error(`verify and read disagree: loads ${loads}, ${found}`);
  }
  return found;
}

function verdictOfRead(image: Uint8Array | ImageSource, memBytes: number, most: number): string | undefined {
  try {
    const { abi, devices, entry, kernelEnd, segments, refusals, faults } = read(image, { memBytes });
    const [refusal] = refusals;
    if (refusal !== undefined) return `- ${refusal.code}`;
    // What only our linker adds is no business of tenders.
    if (faults.length > 0) return undefined;
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
    return `- ${error.code}`;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
