import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { visibleName } from "@uk/manifest/node";
import { BuildError } from "./build-error.ts";
import { FRAME } from "./stack-traces.ts";

/**
 * Text of a guest with the places of its stack traces in the sources, not in the bundle.
 *
 * @param map - source map of the bundle, as JSON text: `map` of what was built, or `NAME.map`
 * @param file - name of the bundle in stack traces, where the map does not say
 * @throws {BuildError} `MAP`: `map` is none
 */
export function symbolicate(text: string, map: string, file?: string): string {
  const source = new SourceMap(map, file);
  const lines = bytes(text).split("\n");
  const shown = lines.map((line) => (FRAME.test(line) ? source.rewrite(line) : line));
  return Buffer.from(shown.join("\n"), "latin1").toString();
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Most lines and places of a bundle: those of one of 30 MB. What a map says of more takes memory out of proportion. */
const MAX_LINES = 1 << 20;
const MAX_PLACES = 1 << 22;

/** Where something is in the sources. Line and column are from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Text of the whole file, if the map has it. */
  readonly content: string;
}

/** A source map that was read, for {@link symbolicate} and `StackTraces`: whatever it says, it answers. */
export class SourceMap {
  readonly #map: TraceMap;
  readonly #place: RegExp;
  /** What ties it to images (ECMA-426), a UUID in lower case, if it says. */
  readonly debugId: string | undefined;

  /**
   * @param json - the map's text
   * @param file - name of the bundle in stack traces, where the map does not say
   * @throws {BuildError} `MAP`: it is none
   */
  constructor(json: string, file = "") {
    try {
      const map = JSON.parse(json);
      this.#map = traceMap(map);
      const { debugId } = map;
      this.debugId = typeof debugId === "string" && UUID.test(debugId) ? debugId.toLowerCase() : undefined;
    } catch (cause) {
      throw new BuildError("MAP", "not a source map", { cause });
    }
    const name = escaped(bytes(this.#map.file || file));
    this.#place = new RegExp(`(?<=[( ])${name}:(\\d+):(\\d+)(?=\\)?$)`);
  }

  /** What a place in the bundle is in the sources, if it comes from one. */
  originOf(line: number, column: number): Origin | undefined {
    if (line < 1) return undefined;
    const origin = originalPositionFor(this.#map, { line, column: Math.max(0, column - 1) });
    if (!origin.source) return undefined;
    const content = this.#map.sourcesContent?.[this.#map.sources.indexOf(origin.source)] ?? "";
    return { file: origin.source, line: origin.line, column: origin.column + 1, content };
  }

  /** A line of a stack trace with the place in the sources; one character a byte. */
  rewrite(frame: string): string {
    return frame.replace(this.#place, (place, line: string, column: string) => {
      const origin = this.originOf(Number(line), Number(column));
      return origin ? `${bytes(visibleName(origin.file))}:${origin.line}:${origin.column}` : place;
    });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON says; each field is checked
function traceMap(map: any): TraceMap {
  const isText = (value: unknown): boolean => value === null || typeof value === "string";
  const { mappings, sources, sourceRoot = null, file = null } = map;
  const isMap =
    typeof mappings === "string" && Array.isArray(sources) && [...sources, sourceRoot, file].every(isText);
  if (!isMap) throw new TypeError("a field of it has another type");
  if (count(mappings, ";") > MAX_LINES || count(mappings, ",") > MAX_PLACES)
    throw new TypeError("it has more places than any bundle");
  return new TraceMap(map);
}

function count(text: string, mark: string): number {
  let found = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) found++;
  return found;
}

/** UTF-8, one character a byte. */
function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
