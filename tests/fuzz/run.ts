import { Random } from "./random.ts";
import type { Target } from "./targets.ts";

/** Inputs that are made and checked together. */
const BATCH = 2000;

/** An input that something is wrong with. */
export interface Finding {
  readonly index: number;
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface Outcome {
  readonly count: number;
  /** How many inputs ended how. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly finding: Finding | undefined;
}

/** Tries the first `count` inputs of a seed, or as many as there is time for, until something is wrong with one. */
export function fuzz(
  { make, check }: Target,
  seed: number,
  count: number,
  hasTime: () => boolean = () => true,
): Outcome {
  const outcomes: Record<string, number> = {};
  let done = 0;
  while (done < count && hasTime()) {
    const length = Math.min(BATCH, count - done);
    const inputs = Array.from({ length }, (_, index) => make(new Random(seed, done + index)));
    const { stackTraceLimit } = Error;
    try {
      // Most of the time would go into traces of refusals.
      Error.stackTraceLimit = 0;
      for (const outcome of check(inputs)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    } catch (error) {
      Error.stackTraceLimit = stackTraceLimit;
      const finding = firstFinding(check, inputs, error);
      return { count: done + finding.index, outcomes, finding: { ...finding, index: done + finding.index } };
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    done += length;
  }
  return { count: done, outcomes, finding: undefined };
}

function firstFinding(check: Target["check"], inputs: readonly Uint8Array[], together: unknown): Finding {
  for (const [index, input] of inputs.entries()) {
    try {
      check([input]);
    } catch (error) {
      return { index, input, error };
    }
  }
  // Each by itself is good.
  throw together;
}
