import type { SourceMap } from "./symbolicate.ts";

/** A line of a stack trace, and as much of one as tells that it could become one. */
export const FRAME: RegExp = /^ {4,}at /;
const BEGINNING = /^(?: {0,4}| {4,}(?:|a|at|at .*))$/;
/** A line longer than this is no frame. */
const MAX_FRAME = 4096;

/**
 * What `symbolicate` does, for what a guest prints, piece by piece as it comes: bytes of any encoding. What may become a
 * line of a stack trace is held back, nothing else. One call at a time.
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
