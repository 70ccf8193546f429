import { createHash } from "node:crypto";
import type { Sha256 } from "../sha256.ts";

/** With the host's own, which takes a tenth of the time. */
export const sha256 = (): Sha256 => createHash("sha256");
