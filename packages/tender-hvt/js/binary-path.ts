import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TenderError } from "@uk/tender";

/**
 * Absolute path of the static binary `solo5-hvt`.
 *
 * @throws {TenderError} `NOT_BUILT`: the package was not built
 */
export function binaryPath(): string {
  const path = fileURLToPath(new URL("../dist/solo5-hvt", import.meta.url));
  if (existsSync(path)) return path;
  throw new TenderError(
    "NOT_BUILT",
    "@uk/tender-hvt: solo5-hvt is missing: run `npm run build -w @uk/tender-hvt`",
  );
}
