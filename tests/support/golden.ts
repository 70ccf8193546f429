import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

/** Set by `npm run test:update`: golden files are rewritten. */
const updating = process.env.UPDATE_GOLDEN === "1";

/**
 * `actual` is what the golden file says; or it is, from now on, when goldens are being rewritten.
 *
 * @param maker - whether this world's transcript is the golden one where worlds could differ
 */
export function expectGolden(file: string, actual: string, { maker }: { readonly maker: boolean }): void {
  const expected = readFileSync(file, "utf8");
  if (updating && maker && actual !== expected) writeFileSync(file, actual);
  else expect(actual).toBe(expected);
}
