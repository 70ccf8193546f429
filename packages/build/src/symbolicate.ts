import type { SourceMap } from "./source-map.ts";

export type { SourceMap };

/** A line of a stack trace, and as much of one as tells that it could become one. */
const FRAME = /^ {4,}at /;
const BEGINNING = /^(?: {0,4}| {4,}(?:|a|at|at .*))$/;
/** A line longer than this is no frame. */
const MAX_FRAME = 4096;

/**
 * Text of a guest with the places of its stack traces in the sources, not in the bundle.
 *
 * @param map - source map of the bundle, as JSON text: `map` of what was built, or `NAME.map`
 * @param file - name of the bundle in stack traces, where the map does not say
 * @throws {BuildError} (as a rejection) `MAP`: `map` is none
 */
export async function symbolicate(text: string, map: string, file?: string): Promise<string> {
  const source = await parseSourceMap(map, file);
  const traces = new StackTraces(async () => source);
  return Buffer.concat([await traces.write(Buffer.from(text)), await traces.end()]).toString();
}

/**
 * Reads a source map; for {@link StackTraces}.
 *
 * @param file - as for {@link symbolicate}
 * @throws {BuildError} (as a rejection) `MAP`
 */
export async function parseSourceMap(json: string, file?: string): Promise<SourceMap> {
  // Only now: a guest without stack traces needs no reader of maps.
  const { SourceMap } = await import("./source-map.ts");
  return new SourceMap(json, file);
}

/**
 * The same as {@link symbolicate} for what a guest prints, piece by piece as it comes: bytes of any encoding. What may
 * become a line of a stack trace is held back, nothing else. One call at a time.
 */
export class StackTraces {
  readonly #load: () => Promise<SourceMap | undefined>;
  #map: Promise<SourceMap | undefined> | undefined;
  /** The beginning of a line that may become a frame. */
  #held = "";
  /** The beginning of the line has been shown: it is no frame. */
  #isShown = false;

  /** @param load - asked for the map once, when there is a stack trace; without a map they stay as they are */
  constructor(load: () => Promise<SourceMap | undefined>) {
    this.#load = load;
  }

  /** What can be shown of the text so far. */
  async write(chunk: Uint8Array): Promise<Uint8Array> {
    // One character a byte: text of any encoding, or of none, passes through unchanged.
    const lines = (this.#held + Buffer.from(chunk).toString("latin1")).split("\n");
    const rest = lines.pop() ?? "";
    let shown = "";
    for (const line of lines) {
      shown += `${this.#isShown ? line : await this.#line(line)}\n`;
      this.#isShown = false;
    }
    const isHeld = !this.#isShown && rest.length <= MAX_FRAME && BEGINNING.test(rest);
    this.#held = isHeld ? rest : "";
    this.#isShown ||= !isHeld;
    return Buffer.from(isHeld ? shown : shown + rest, "latin1");
  }

  /** What was held back: the text has no more. */
  async end(): Promise<Uint8Array> {
    const last = await this.#line(this.#held);
    this.#held = "";
    return Buffer.from(last, "latin1");
  }

  async #line(line: string): Promise<string> {
    if (!FRAME.test(line)) return line;
    this.#map ??= this.#load();
    return (await this.#map)?.rewrite(line) ?? line;
  }
}
