/** A stream of random numbers, the same for the same seed (sfc32, 128 bits of state). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param stream - numbers apart from those of other streams of the same seed */
  constructor(seed: number | bigint, stream: string) {
    const bits = BigInt(seed);
    this.#a = Number(bits & 0xffff_ffffn) | 0;
    this.#b = Number((bits >> 32n) & 0xffff_ffffn) | 0;
    let hash = 0x811c_9dc5; // FNV-1a
    for (const character of stream) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193);
    this.#c = hash;
    for (let round = 0; round < 15; round++) this.next();
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** Happens so often: 0 never, 1 always. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability * 2 ** 32;
  }

  /** A duration from 0 to `most` ns. */
  duration(most: bigint): bigint {
    return most <= 0n ? 0n : (BigInt(this.next()) * (most + 1n)) >> 32n;
  }
}

/**
 * `probability` as it is.
 *
 * @throws {RangeError} it is none
 */
export function checkProbability(what: string, probability: number): number {
  if (typeof probability !== "number") throw new TypeError(`${what}: a probability is a number`);
  if (!(probability >= 0 && probability <= 1))
    throw new RangeError(`${what}: ${probability} is not a probability from 0 to 1`);
  return probability;
}

/**
 * `ns` as it is.
 *
 * @throws {TypeError | RangeError} it is no duration
 */
export function checkDuration(what: string, ns: bigint, least: bigint = 0n): bigint {
  if (typeof ns !== "bigint") throw new TypeError(`${what}: a duration is a bigint in nanoseconds`);
  if (ns < least) throw new RangeError(`${what}: a duration of ${ns} ns: at least ${least} is needed`);
  return ns;
}
