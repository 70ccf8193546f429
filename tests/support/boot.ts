import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GuestProgram } from "./guests.ts";
import { type Ended, uk } from "./uk.ts";

/** Builds a program into `folder` with the real `uk build`; the path of its image for spt. */
export async function build(
  { name, entry, stack }: Pick<GuestProgram, "name" | "entry"> & Partial<Pick<GuestProgram, "stack">>,
  folder: string,
): Promise<string> {
  const options = stack === undefined ? [] : [`--stack=${stack}`];
  const { status, stderr } = await uk(["build", entry, "--name", name, "--out-dir", folder, ...options]);
  if (status !== 0) throw new Error(`uk build ${name} ended with status ${status}: ${stderr}`);
  return join(folder, `${name}.spt`);
}

/** Writes a program into `folder`, a test's workspace, and builds it there; the path of its image for spt. */
export function buildSource(name: string, source: string, folder: string): Promise<string> {
  const entry = join(folder, `${name}.ts`);
  writeFileSync(entry, source);
  return build({ name, entry }, folder);
}

/** Boots an image with the real `uk run`, as a guest wants it. */
export function boot(image: string, { mem, args }: Pick<GuestProgram, "mem" | "args">): Promise<Ended> {
  const options = mem === undefined ? [] : [`--mem=${mem}`];
  return uk(["run", ...options, "--", image, ...args]);
}
