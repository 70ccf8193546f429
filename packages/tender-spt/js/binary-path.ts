import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TenderError } from "@uk/tender";

/**
 * Absolute path of the static binary `solo5-spt`.
 *
 * @throws {TenderError} `NOT_BUILT`: the package was not built
 */
export function binaryPath(): string {
  const path = fileURLToPath(new URL("../dist/solo5-spt", import.meta.url));
  if (existsSync(path)) return path;
  throw new TenderError(
    "NOT_BUILT",
    "@uk/tender-spt: solo5-spt is missing: run `npm run build -w @uk/tender-spt`",
  );
}
