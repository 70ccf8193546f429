import { sha256 as create } from "@noble/hashes/sha2.js";

/** SHA-256 of bytes that come in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Anywhere. Who has `node:crypto` takes [the other one](./node/sha256.ts): `#sha256` in package.json. */
export const sha256 = (): Sha256 => create.create();
