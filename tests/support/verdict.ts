// What the readers in TypeScript make of an image, as one line that crates/solo5-elf/tests/support/verdict.rs writes as well.
import { strictEqual } from "node:assert";
import { ImageError, type ImageSource, read, verify } from "@uk/image";

/** `+ ` and what a tender would load, at most so many segments of it, or `- ` and the code of the error. */
export function verdict(
  image: Uint8Array | ImageSource,
  memBytes: number,
  most: number = Number.POSITIVE_INFINITY,
): string {
  const found = readerVerdict(image, memBytes, most);
  // What `verify` says of our tenders is the same; it alone asks whether the image is for them.
  for (const { by, loads, reasons } of verify(image, { memBytes }).verdicts) {
    if (by === "ours" && !reasons.some(({ code }) => code.startsWith("WRONG_"))) {
      strictEqual(loads, found.startsWith("+"), "verify");
    }
  }
  return found;
}

function readerVerdict(image: Uint8Array | ImageSource, memBytes: number, most: number): string {
  try {
    const { abi, devices, entry, kernelEnd, segments, refusals } = read(image, { memBytes });
    const [refusal] = refusals;
    if (refusal !== undefined) return `- ${refusal.code}`;
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
