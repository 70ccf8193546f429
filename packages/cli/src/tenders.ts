import type { Target } from "@uk/runtime";
import { binaryPath as hvtTender } from "@uk/tender-hvt";
import { binaryPath as sptTender } from "@uk/tender-spt";

/** Absolute path of the tender of a target. */
export const tenderPath: Readonly<Record<Target, () => string>> = { hvt: hvtTender, spt: sptTender };
