import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Target } from "@uk/manifest";
import { CliError } from "./error.ts";

/**
 * Absolute path of the tender of a target.
 *
 * @throws {CliError} the package of the tender was not built
 */
export function tenderPath(target: Target): string {
  // Resolved and not imported: what else is in the package takes longer to load than the rest of a start.
  const path = fileURLToPath(import.meta.resolve(`@uk/tender-${target}/solo5-${target}`));
  if (existsSync(path)) return path;
  const name = `@uk/tender-${target}`;
  throw new CliError(`${name}: solo5-${target} is missing: run \`npm run build -w ${name}\``);
}
