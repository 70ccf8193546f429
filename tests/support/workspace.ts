import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A folder of the calling test file's own; gone after its last test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "uk-tests-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One as if the packages had been installed there. */
export function workspace(): string {
  const folder = emptyFolder();
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}
