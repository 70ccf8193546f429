import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { CliError } from "./error.ts";
import { readRegularFile } from "./regular-file.ts";
import { visibleName } from "./say.ts";

/** A line of a stack trace, and as much of one as tells that it could become one. */
const FRAME = /^ {4,}at /;
const BEGINNING = /^(?: {0,4}| {4,}(?:|a|at|at .*))$/;
/** A line longer than this is no frame. */
const MAX_FRAME = 4096;
/** Most lines and places of a bundle: those of one of 30 MB. What a map says of more takes memory out of proportion. */
const MAX_LINES = 1 << 20;
const MAX_PLACES = 1 << 22;

/**
 * Rewrites the places of a bundle in text to those of its sources, frame by frame, as the text comes in.
 * All other bytes pass as they are, and at once.
 */
export class SourcePositions {
  readonly #map: TraceMap;
  readonly #place: RegExp;
  /** The beginning of a line that may become a frame. */
  #held = "";
  /** The beginning of the line has been shown: it is no frame. */
  #isShown = false;

  /**
   * @param map - source map of the bundle, as JSON text
   * @param file - name of the bundle in frames
   * @throws {TypeError} `map` is none
   */
  constructor(map: string, file: string) {
    this.#map = traceMap(map);
    this.#place = new RegExp(`(?<=[( ])${escaped(bytes(file))}:(\\d+):(\\d+)(?=\\)?$)`);
  }

  /** What can be shown of the text so far. */
  write(chunk: Uint8Array): Buffer {
    // One character a byte: text of any encoding, or of none, passes through unchanged.
    const [first = "", ...others] = (this.#held + Buffer.from(chunk).toString("latin1")).split("\n");
    const last = others.pop();
    const whole =
      last === undefined
        ? []
        : [this.#isShown ? first : this.line(first), ...others.map((line) => this.line(line))];
    const rest = last ?? first;
    if (last !== undefined) this.#isShown = false;
    const isHeld = !this.#isShown && rest.length <= MAX_FRAME && BEGINNING.test(rest);
    this.#held = isHeld ? rest : "";
    this.#isShown ||= !isHeld;
    return Buffer.from(whole.map((line) => `${line}\n`).join("") + (isHeld ? "" : rest), "latin1");
  }

  /** What was held back: the text has no more. */
  end(): Buffer {
    const last = this.line(this.#held);
    this.#held = "";
    return Buffer.from(last, "latin1");
  }

  private line(line: string): string {
    if (!FRAME.test(line)) return line;
    return line.replace(this.#place, (place, row: string, column: string) => {
      const line = Number(row);
      const origin =
        line < 1
          ? undefined
          : originalPositionFor(this.#map, { line, column: Math.max(0, Number(column) - 1) });
      if (!origin?.source) return place;
      return `${bytes(visibleName(origin.source))}:${origin.line}:${origin.column + 1}`;
    });
  }
}

/**
 * Reads a source map from a file.
 *
 * @throws {CliError} it cannot be read, or is none
 */
export function readSourceMap(path: string, file: string): SourcePositions {
  const text = new TextDecoder().decode(readRegularFile(path, "the source map"));
  try {
    return new SourcePositions(text, file);
  } catch {
    throw new CliError(`${path}: cannot read the source map: not a source map`);
  }
}

/** Whatever the text is: once the map is made, it answers. */
function traceMap(text: string): TraceMap {
  const map = JSON.parse(text);
  const isText = (value: unknown): boolean => value === null || typeof value === "string";
  const { mappings, sources, sourceRoot = null } = map;
  if (
    typeof mappings !== "string" ||
    !Array.isArray(sources) ||
    !sources.every(isText) ||
    !isText(sourceRoot)
  )
    throw new TypeError("not a source map");
  if (count(mappings, ";") > MAX_LINES || count(mappings, ",") > MAX_PLACES)
    throw new TypeError("a source map of too large a bundle");
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
