import { basename } from "node:path";
import type { SourceMap } from "@uk/build/symbolicate";
import { CliError, isSaid } from "./error.ts";

/** A source map, `NAME.map`, that was read. */
export interface MapFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * What is in a source map.
 *
 * @throws {CliError} it is none
 */
export async function parseMapFile({ path, bytes }: MapFile): Promise<SourceMap> {
  const { SourceMap } = await import("@uk/build/symbolicate");
  const file = `${basename(path).replace(/\.map$/, "")}.js`;
  try {
    return new SourceMap(new TextDecoder().decode(bytes), file);
  } catch (error) {
    if (!isSaid(error)) throw error;
    throw new CliError(`${path}: cannot read the source map: ${error.message}`);
  }
}
