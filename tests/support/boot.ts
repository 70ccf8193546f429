import { join } from "node:path";
import type { GuestProgram } from "./guests.ts";
import { type Ended, uk } from "./uk.ts";

/** Builds `guest` into `folder` with the real `uk build`; the image's path. */
export async function build({ name, entry }: GuestProgram, folder: string): Promise<string> {
  const { status, stderr } = await uk(["build", entry, "--name", name, "--out-dir", folder]);
  if (status !== 0) throw new Error(`uk build ${name} ended with status ${status}: ${stderr}`);
  return join(folder, `${name}.spt`);
}

/** Boots an image with the real `uk run`, as `guest` wants it. */
export function boot(image: string, { mem, args }: Pick<GuestProgram, "mem" | "args">): Promise<Ended> {
  const options = mem === undefined ? [] : [`--mem=${mem}`];
  return uk(["run", ...options, "--", image, ...args]);
}
