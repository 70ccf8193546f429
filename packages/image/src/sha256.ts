/** SHA-256 of bytes that come in pieces (FIPS 180-4). */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

const BLOCK = 64;
const ROUNDS = 64;

/** The first 64 primes. */
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d !== 0),
);

/** The first 32 bits of the fraction of a root. Doubles have 53: enough behind the point for roots below 32. */
const fraction = (root: number): number => (root - Math.floor(root)) * 2 ** 32;

/** FIPS 180-4, 4.2.2 and 5.3.3. */
const CONSTANTS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const INITIAL = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** Anywhere. */
export function portableSha256(): Sha256 {
  const state = INITIAL.slice();
  const block = new Uint8Array(BLOCK);
  const view = new DataView(block.buffer);
  const words = new Uint32Array(ROUNDS);
  let filled = 0;
  let total = 0;
  const add = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + BLOCK - filled);
      block.set(piece, filled);
      at += piece.length;
      filled += piece.length;
      if (filled < BLOCK) return;
      compress(state, view, words);
      filled = 0;
    }
  };
  return {
    update(bytes) {
      total += bytes.length;
      add(bytes);
    },
    digest() {
      // A one bit, zeros, and the number of bits in the last eight bytes of a block.
      const end = new Uint8Array((filled < BLOCK - 8 ? 1 : 2) * BLOCK - filled);
      end[0] = 0x80;
      new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(total) * 8n);
      add(end);
      const digest = new DataView(new ArrayBuffer(32));
      for (const [index, word] of state.entries()) digest.setUint32(4 * index, word);
      return new Uint8Array(digest.buffer);
    },
  };
}

/** FIPS 180-4, 6.2.2, with its names. */
function compress(state: Uint32Array, block: DataView, w: Uint32Array): void {
  for (let t = 0; t < 16; t++) w[t] = block.getUint32(4 * t);
  for (let t = 16; t < ROUNDS; t++) {
    const [w2, w15] = [word(w, t - 2), word(w, t - 15)];
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    w[t] = s1 + word(w, t - 7) + s0 + word(w, t - 16);
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let t = 0; t < ROUNDS; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + word(CONSTANTS, t) + word(w, t)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index] = word(state, index) + value;
}

function word(words: Uint32Array, index: number): number {
  return words[index] as number;
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

interface Host {
  readonly process?: {
    getBuiltinModule?(name: "node:crypto"): { createHash?(name: string): Sha256 } | undefined;
  };
}

/** With Node's own, where it is: it takes a tenth of the time. */
export const sha256 = (): Sha256 => {
  const { process } = globalThis as Host;
  return process?.getBuiltinModule?.("node:crypto")?.createHash?.("sha256") ?? portableSha256();
};
