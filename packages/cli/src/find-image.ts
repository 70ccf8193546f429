import { existsSync } from "node:fs";
import type { Target } from "@uk/runtime";

/** Which image is meant where there are several: one that runs anywhere before one that needs KVM. */
const PREFERENCE: readonly Target[] = ["spt", "hvt"];

/** The image at `path`; of a program `path`, the image for the target that runs on more machines. */
export function findImage(path: string): string {
  if (existsSync(path)) return path;
  const images = PREFERENCE.map((target) => `${path}.${target}`);
  return images.find((image) => existsSync(image)) ?? path;
}

/** The image of the same program for another target, if it is there. */
export function siblingImage(path: string, target: Target): string | undefined {
  const sibling = path.replace(/\.(hvt|spt)$/, `.${target}`);
  return sibling !== path && existsSync(sibling) ? sibling : undefined;
}
