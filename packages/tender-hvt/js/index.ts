import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Stable code of {@link TenderError}: the binary is not where it should be. */
export type TenderErrorCode = "NOT_BUILT";

/** The tender cannot be used. */
export class TenderError extends Error {
  override readonly name = "TenderError";
  readonly code: TenderErrorCode;

  constructor(code: TenderErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

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
