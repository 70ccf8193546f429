import type { Target } from "@uk/manifest";

/** Absolute path of the tender of a target. */
export async function tenderPath(target: Target): Promise<string> {
  const { binaryPath } = await (target === "spt" ? import("@uk/tender-spt") : import("@uk/tender-hvt"));
  return binaryPath();
}
