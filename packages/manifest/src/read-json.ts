import type { JsonMember, JsonNode } from "./json-node.ts";
import { ManifestError, type ManifestErrorCode, type Position } from "./manifest-error.ts";
import { quote } from "./quote.ts";

/** Longest text read, in UTF-16 code units or bytes: a hundred times the largest manifest. */
export const SOURCE_MAX_LENGTH: number = 1 << 20;

/** Deepest nesting read; a manifest needs 3. */
export const NESTING_MAX = 64;

/** Everything from the space up, but for the quote and the backslash. */
const PLAIN_TEXT = /[ !#-[\]-\uffff]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Reads one strict JSON document (RFC 8259) and keeps what `JSON.parse` throws away: places, the order of
 * members, repeated keys, and whether a number was written as an integer. Upstream's lenient cases (ABI section 1.4:
 * missing or trailing commas, text after the root, `trux`) are refused. Time is linear in the length.
 *
 * @throws {ManifestError} `TOO_LARGE`, `SYNTAX`, `TOO_DEEP`, `DUPLICATE_KEY`
 */
export function readJson(source: string): JsonNode {
  if (source.length > SOURCE_MAX_LENGTH) {
    throw new ManifestError({
      code: "TOO_LARGE",
      path: "(root)",
      expected: `at most ${SOURCE_MAX_LENGTH} characters`,
      found: `${source.length}`,
    });
  }
  return new Reader(source).document();
}

class Reader {
  readonly #source: string;
  #at = 0;
  /** Counted while white space is skipped: nowhere else may JSON hold a raw line feed. */
  #line = 1;
  #lineStart = 0;

  constructor(source: string) {
    this.#source = source;
  }

  document(): JsonNode {
    this.#skipWhiteSpace();
    const root = this.#value("", 0);
    this.#skipWhiteSpace();
    if (this.#at < this.#source.length)
      this.#fail("SYNTAX", "(root)", "the end of the text after the root value");
    return root;
  }

  #value(path: string, depth: number): JsonNode {
    const position = this.#position();
    switch (this.#source[this.#at]) {
      case "{":
        return { kind: "OBJECT", members: this.#members(path, depth + 1), position };
      case "[": {
        const elements = this.#elements(path, depth + 1);
        return { kind: "ARRAY", elements, length: elements.length, position };
      }
      case '"':
        return { kind: "STRING", text: this.#string(path), position };
      case "t":
        return this.#literal("true", { kind: "BOOLEAN", position }, path);
      case "f":
        return this.#literal("false", { kind: "BOOLEAN", position }, path);
      case "n":
        return this.#literal("null", { kind: "NULL", position }, path);
      default:
        return this.#number(path, position);
    }
  }

  #members(path: string, depth: number): JsonMember[] {
    this.#enter(path, depth);
    const members: JsonMember[] = [];
    const keys = new Set<string>();
    if (this.#take("}")) return members;
    do {
      this.#skipWhiteSpace();
      const position = this.#position();
      if (this.#source[this.#at] !== '"') this.#fail("SYNTAX", path, "a member's key in double quotes");
      const key = this.#string(path);
      const memberPath = pathOfMember(path, key);
      if (keys.has(key)) {
        throw new ManifestError({
          code: "DUPLICATE_KEY",
          path: memberPath,
          expected: "every key once",
          found: `${quote(key)} again`,
          position,
        });
      }
      keys.add(key);
      if (!this.#take(":")) this.#fail("SYNTAX", memberPath, '":" after the key');
      this.#skipWhiteSpace();
      members.push({ key, position, value: this.#value(memberPath, depth) });
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail("SYNTAX", path, '"," or "}" after a member');
    return members;
  }

  #elements(path: string, depth: number): JsonNode[] {
    this.#enter(path, depth);
    const elements: JsonNode[] = [];
    if (this.#take("]")) return elements;
    do {
      this.#skipWhiteSpace();
      elements.push(this.#value(`${path}[${elements.length}]`, depth));
    } while (this.#take(","));
    if (!this.#take("]")) this.#fail("SYNTAX", path, '"," or "]" after an element');
    return elements;
  }

  #string(path: string): string {
    this.#at++; // the opening quote, seen by the caller
    const parts: string[] = [];
    for (;;) {
      parts.push(this.#match(PLAIN_TEXT)?.[0] ?? "");
      const next = this.#source[this.#at];
      if (next === '"') {
        this.#at++;
        return parts.join("");
      }
      if (next !== "\\")
        this.#fail("SYNTAX", path, next === undefined ? "the closing quote" : "no raw control character");
      parts.push(this.#escape(path));
    }
  }

  #escape(path: string): string {
    const letter = this.#source[this.#at + 1] ?? "";
    if (letter === "u") {
      const digits = this.#source.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.#fail("SYNTAX", path, "four hexadecimal digits after \\u");
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meaning = letter === "" ? undefined : ESCAPES[letter];
    if (meaning === undefined) this.#fail("SYNTAX", path, 'one of " \\ / b f n r t u after a backslash');
    this.#at += 2;
    return meaning;
  }

  #number(path: string, position: Position): JsonNode {
    const match = this.#match(NUMBER);
    if (match === null) this.#fail("SYNTAX", path, "a JSON value");
    // "01" and "1.": what follows the longest number is no separator, and the caller says so.
    return match[1] === undefined && match[2] === undefined
      ? { kind: "INTEGER", value: Number(match[0]), text: match[0], position }
      : { kind: "REAL", position };
  }

  #literal(word: string, node: JsonNode, path: string): JsonNode {
    if (!this.#source.startsWith(word, this.#at)) this.#fail("SYNTAX", path, `the literal ${word}`);
    this.#at += word.length;
    return node;
  }

  #enter(path: string, depth: number): void {
    if (depth > NESTING_MAX) this.#fail("TOO_DEEP", path, `nesting of at most ${NESTING_MAX}`);
    this.#at++; // the opening bracket, seen by the caller
  }

  /** Takes one punctuation mark after white space, if it is there. */
  #take(mark: string): boolean {
    this.#skipWhiteSpace();
    if (this.#source[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #skipWhiteSpace(): void {
    for (;;) {
      const unit = this.#source.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return;
      this.#at++;
      if (unit === 0x0a) {
        this.#line++;
        this.#lineStart = this.#at;
      }
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #fail(code: ManifestErrorCode, path: string, expected: string): never {
    const next = this.#source.codePointAt(this.#at);
    const found = next === undefined ? "the end of the text" : quote(String.fromCodePoint(next));
    throw new ManifestError({
      code,
      path: path === "" ? "(root)" : path,
      expected,
      found,
      position: this.#position(),
    });
  }
}

/** `.devices` for a plain key, `["odd key"]` for any other. */
export function pathOfMember(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(key) ? `${path}.${key}` : `${path}[${quote(key)}]`;
}
