import { existsSync } from "node:fs";
import { TARGETS, type Target } from "@uk/manifest";

/** The image at `path`; of a program `path`, the image for the target that runs on more hosts. */
export function findImage(path: string): string {
  if (existsSync(path)) return path;
  const images = TARGETS.map((target) => `${path}.${target}`);
  return images.find((image) => existsSync(image)) ?? path;
}

/** The image of the same program for another target, if it is there. */
export function siblingImage(path: string, target: Target): string | undefined {
  const sibling = path.replace(/\.(hvt|spt)$/, `.${target}`);
  return sibling !== path && existsSync(sibling) ? sibling : undefined;
}
