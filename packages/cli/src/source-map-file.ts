import { basename } from "node:path";
import type { SourceMap } from "@uk/build/symbolicate";
import { CliError, isSaid } from "./error.ts";

/**
 * The source map that was read from a file, `NAME.map`.
 *
 * @throws {CliError} it is none
 */
export async function sourceMapOf(path: string, bytes: Uint8Array): Promise<SourceMap> {
  const { parseSourceMap } = await import("@uk/build/symbolicate");
  try {
    return await parseSourceMap(
      new TextDecoder().decode(bytes),
      `${basename(path).replace(/\.map$/, "")}.js`,
    );
  } catch (error) {
    if (!isSaid(error)) throw error;
    throw new CliError(`${path}: cannot read the source map: ${error.message}`);
  }
}
