import { ImageError, type ImageErrorCode } from "@uk/manifest/elf";

/** One thing that is wrong with an image. */
export interface Finding<Code extends string = ImageErrorCode> {
  /** Stable: branch on it, never on the text. */
  readonly code: Code;
  /**
   * The rule that it breaks: `L1` to `L11` of ABI section 3.2, `entry` of ABI section 3.1, `bss`, which is ours (ABI
   * section 9 #6); else what it is about.
   */
  readonly rule: string;
  /** One line. */
  readonly message: string;
}

/** Most findings about the segments of an image: a hostile one has 65535 that break a rule each. */
export const FINDINGS_MAX = 64;

/** What `work` gives, or `undefined`, and why in `findings`. */
export function attempt<T>(findings: Finding[], rule: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    findings.push(findingOf(error, rule));
    return undefined;
  }
}

/** An error as one thing that is wrong. */
export function findingOf({ code, why }: ImageError, rule: string): Finding {
  return { code, rule, message: why };
}
