/**
 * The one generator behind every random choice of a run: 32-bit, seeded, the same on every engine.
 * Good enough to explore interleavings; never use it for secrets.
 */
export class Random {
  private state: number;

  constructor(seed: number | bigint) {
    const wide = BigInt.asUintN(64, typeof seed === "bigint" ? seed : BigInt(Math.trunc(seed)));
    this.state = Number(wide & 0xffffffffn) ^ Math.imul(Number(wide >> 32n), 0x9e3779b1);
  }

  /** An integer in `[0, bound)`. */
  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound);
  }
}
