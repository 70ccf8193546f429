import { IssueList } from "./issue-list.ts";
import type { JsonMember, JsonNode } from "./json-node.ts";
import type { ManifestError, ManifestErrorCode, Position } from "./manifest-error.ts";
import { quote } from "./quote.ts";

/** Longest text read, in UTF-16 code units or bytes: a hundred times the largest manifest. */
export const SOURCE_MAX_LENGTH: number = 1 << 20;

/** Deepest nesting read; a manifest needs 3. */
export const NESTING_MAX = 64;

/** Everything from the space up, but for the quote and the backslash. */
const PLAIN_TEXT = /[ !#-[\]-\uffff]*/y;
/** What somebody may have meant as a literal, a number, or a key: `true`, `1.`, `+01`, `version`. */
const WORD = /[A-Za-z0-9_$+.-]+/y;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
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
 * missing or trailing commas, text after the root, `trux`) are issues. Time is linear in the length.
 *
 * Behind a fault it goes on where there is one way to go on: a comma or a colon too many or too few, a word that is no
 * value, a bad escape or control character in a string, a repeated key, of which the first counts. What could not be read
 * is an `UNREAD` node.
 *
 * @param issues - gets `SYNTAX` and `DUPLICATE_KEY`
 * @throws {ManifestError} with these and the last one: `TOO_LARGE`, `TOO_DEEP`, or `SYNTAX` where there is no way to go on
 */
export function readJson(source: string, issues: IssueList): JsonNode {
  if (source.length > SOURCE_MAX_LENGTH) throw tooLarge(source.length, "characters");
  return new Reader(source, issues).document();
}

/** A text that is refused unread. */
export function tooLarge(length: number, unit: "bytes" | "characters"): ManifestError {
  return refusal("TOO_LARGE", `at most ${SOURCE_MAX_LENGTH} ${unit}`, `${length}`);
}

/** What is wrong with a text as a whole. */
export function refusal(code: "TOO_LARGE" | "ENCODING", expected: string, found: string): ManifestError {
  const issues = new IssueList();
  issues.add(code, [], expected, found, undefined);
  return issues.error();
}

class Reader {
  readonly #source: string;
  readonly #issues: IssueList;
  /** Keys and indices that lead to what is read. */
  readonly #path: (string | number)[] = [];
  #at = 0;
  /** Counted while white space is skipped: a raw line feed anywhere else ends the reading. */
  #line = 1;
  #lineStart = 0;

  constructor(source: string, issues: IssueList) {
    this.#source = source;
    this.#issues = issues;
  }

  document(): JsonNode {
    if (this.#source[0] === "\ufeff") {
      this.#fault("no byte order mark");
      this.#at++;
    }
    this.#skipWhiteSpace();
    const root = this.#value();
    this.#skipWhiteSpace();
    if (this.#at < this.#source.length) this.#fault("the end of the text after the root value");
    return root;
  }

  #value(): JsonNode {
    const position = this.#position();
    switch (this.#source[this.#at]) {
      case "{":
        return { kind: "OBJECT", ...this.#members(), position };
      case "[": {
        const elements = this.#elements();
        return { kind: "ARRAY", elements, length: elements.length, position };
      }
      case '"': {
        const text = this.#string();
        return text === undefined ? { kind: "UNREAD", position } : { kind: "STRING", text, position };
      }
      default:
        return this.#word(position);
    }
  }

  /** A literal or a number, or a word that is none. */
  #word(position: Position): JsonNode {
    const word = this.#match(WORD);
    if (word === "") this.#giveUp("a JSON value");
    if (word === "true" || word === "false") return { kind: "BOOLEAN", position };
    if (word === "null") return { kind: "NULL", position };
    const number = NUMBER.exec(word);
    if (number === null) {
      this.#fault("a JSON value", word, position);
      return { kind: "UNREAD", position };
    }
    return number[1] === undefined && number[2] === undefined
      ? { kind: "INTEGER", value: Number(word), text: word, position }
      : { kind: "REAL", position };
  }

  #members(): { members: JsonMember[]; hasUnreadKeys: boolean } {
    this.#enter();
    const members: JsonMember[] = [];
    const keys = new Set<string>();
    let hasUnreadKeys = false;
    while (this.#another("}", members.length > 0 || hasUnreadKeys, "a member", /["\w$+.-]/)) {
      const position = this.#position();
      const start = this.#at;
      const key = this.#key();
      const repeated = key !== undefined && keys.has(key);
      if (key === undefined) hasUnreadKeys = true;
      this.#path.push(key ?? this.#source.slice(start + 1, this.#at - 1));
      if (repeated) this.#add("DUPLICATE_KEY", "every key once", `${quote(key)} again`, position);
      const value = this.#memberValue();
      this.#path.pop();
      if (key === undefined || repeated) continue;
      keys.add(key);
      members.push({ key, position, value });
    }
    return { members, hasUnreadKeys };
  }

  #memberValue(): JsonNode {
    const colon = this.#take(":");
    if (!colon) this.#missing('":" after the key', /["{[\w$+.,}-]/);
    this.#skipWhiteSpace();
    const next = this.#source[this.#at];
    if (next !== "," && next !== "}") return this.#value();
    if (colon) this.#fault("a JSON value");
    return { kind: "UNREAD", position: this.#position() };
  }

  #elements(): JsonNode[] {
    this.#enter();
    const elements: JsonNode[] = [];
    while (this.#another("]", elements.length > 0, "an element", /["{[\w$+.-]/)) {
      this.#path.push(elements.length);
      elements.push(this.#value());
      this.#path.pop();
    }
    return elements;
  }

  /** Goes to the next member or element, which begins with `first`, over the comma in front of it, or behind the end. */
  #another(end: "}" | "]", hasPrevious: boolean, what: string, first: RegExp): boolean {
    if (this.#take(end)) return false;
    let comma = hasPrevious && this.#take(",");
    if (hasPrevious && !comma) this.#missing(`"," or "${end}" after ${what}`, first);
    for (this.#skipWhiteSpace(); this.#source[this.#at] === ","; this.#skipWhiteSpace()) {
      this.#fault(what);
      this.#at++;
      comma = false;
    }
    if (this.#source[this.#at] !== end) return true;
    if (comma) this.#fault(`${what} after the comma`);
    this.#at++;
    return false;
  }

  /** A key, `undefined` if it cannot be read. One without quotes is an issue, and can be. */
  #key(): string | undefined {
    if (this.#source[this.#at] === '"') return this.#string();
    const position = this.#position();
    const word = this.#match(WORD);
    if (word === "") this.#giveUp("a member's key in double quotes");
    this.#fault("a member's key in double quotes", word, position);
    return word;
  }

  /** `undefined` if there is something in it that JSON does not have, which is one issue however often. */
  #string(): string | undefined {
    this.#at++; // the opening quote, seen by the caller
    const parts: string[] = [];
    let faulty = false;
    for (;;) {
      parts.push(this.#match(PLAIN_TEXT));
      const next = this.#source[this.#at];
      if (next === '"') {
        this.#at++;
        return faulty ? undefined : parts.join("");
      }
      if (next === undefined) this.#giveUp("the closing quote");
      // More often a quote has been forgotten than a line feed written.
      if (next === "\n" || next === "\r") this.#giveUp("the closing quote in the same line");
      const meant = next === "\\" ? this.#escape() : { expected: "no raw control character" };
      if (typeof meant === "string") parts.push(meant);
      else {
        if (!faulty) this.#fault(meant.expected);
        faulty = true;
        this.#at++;
      }
    }
  }

  /** What an escape stands for, or what would be one; then nothing is skipped. */
  #escape(): string | { expected: string } {
    const letter = this.#source[this.#at + 1];
    if (letter === undefined) this.#giveUp("the closing quote");
    if (letter === "u") {
      const digits = this.#source.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) return { expected: "four hexadecimal digits after \\u" };
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meaning = ESCAPES[letter];
    if (meaning === undefined) return { expected: 'one of " \\ / b f n r t u after a backslash' };
    this.#at += 2;
    return meaning;
  }

  #enter(): void {
    if (this.#path.length >= NESTING_MAX) this.#giveUp(`nesting of at most ${NESTING_MAX}`, "TOO_DEEP");
    this.#at++; // the opening bracket, seen by the caller
  }

  /** A mark is missing; it is there in thought if what belongs behind it, by its first character, follows. */
  #missing(expected: string, first: RegExp): void {
    if (!first.test(this.#source[this.#at] ?? "")) this.#giveUp(expected);
    this.#fault(expected);
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

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0] ?? "";
    this.#at += text.length;
    return text;
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  /** An issue here, at what comes next, or at a word that has been read. */
  #fault(
    expected: string,
    word = "",
    position: Position = this.#position(),
    code: ManifestErrorCode = "SYNTAX",
  ): void {
    const next = this.#source.codePointAt(this.#at);
    const rest = next === undefined ? "the end of the text" : quote(String.fromCodePoint(next));
    this.#add(code, expected, word === "" ? rest : quote(word), position);
  }

  #giveUp(expected: string, code: "SYNTAX" | "TOO_DEEP" = "SYNTAX"): never {
    this.#fault(expected, "", this.#position(), code);
    throw this.#issues.error();
  }

  #add(code: ManifestErrorCode, expected: string, found: string, position: Position): void {
    this.#issues.add(code, [...this.#path], expected, found, position);
  }
}
