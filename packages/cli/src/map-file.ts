import { basename } from "node:path";
import type { SourceMap } from "@uk/build/symbolicate";
import { CliError, isSaid } from "./error.ts";

/** A source map, `NAME.map`, that was read. */
export interface MapFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What ties the image that it is used for to its map, if that says. */
  readonly debugId?: string | undefined;
}

/**
 * What is in a source map.
 *
 * @throws {CliError} it is none, or that of another build than the image's
 */
export async function parseMapFile({ path, bytes, debugId }: MapFile): Promise<SourceMap> {
  const { SourceMap } = await import("@uk/build/symbolicate");
  const file = `${basename(path).replace(/\.map$/, "")}.js`;
  const map = attempt(() => new SourceMap(new TextDecoder().decode(bytes), file), path);
  if (debugId === undefined || map.debugId === undefined || map.debugId === debugId) return map;
  const why = `its debug id is ${map.debugId}, the image's ${debugId}`;
  throw new CliError(`${path}: the source map of another build than the image: ${why}`);
}

function attempt<T>(work: () => T, path: string): T {
  try {
    return work();
  } catch (error) {
    if (!isSaid(error)) throw error;
    throw new CliError(`${path}: cannot read the source map: ${error.message}`);
  }
}
