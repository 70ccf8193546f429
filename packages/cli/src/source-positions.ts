import { readFileSync } from "node:fs";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { CliError, systemReason } from "./error.ts";

/** A line of a stack trace, and as much of one as tells that it could become one. */
const FRAME = /^ {4,}at /;
const BEGINNING = /^(?: {0,4}| {4,}(?:|a|at|at .*))$/;
/** A line longer than this is no frame. */
const MAX_FRAME = 4096;

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
   */
  constructor(map: string, file: string) {
    this.#map = new TraceMap(map);
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
      if (origin === undefined || origin.source === null) return place;
      return `${bytes(origin.source)}:${origin.line}:${origin.column + 1}`;
    });
  }
}

/** Reads a source map from a file. */
export function readSourceMap(path: string, file: string): SourcePositions {
  try {
    return new SourcePositions(readFileSync(path, "utf8"), file);
  } catch (error) {
    const why =
      error instanceof SyntaxError || error instanceof TypeError ? "not a source map" : systemReason(error);
    throw new CliError(`${path}: cannot read the source map: ${why}`);
  }
}

/** UTF-8, one character a byte. */
function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
