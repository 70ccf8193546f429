// What comments and documents cite exists: sections and rules of docs/, files, headings, names of tests.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { complain, filesOf } from "./files.mjs";
import { root } from "./workspace.mjs";

/** Documents whose sections are cited, by the word in front of `section`. */
const CITED = { ABI: "docs/abi.md", scheduler: "docs/scheduler.md" };

/** Where tests are named beside what they hold. */
const WITH_TESTS = ["docs/threat-model.md", "packages/manifest/README.md"];

const NUMBER = String.raw`\d+(?:\.\d+)?`;
const ROW = String.raw`(?:[A-Z]{1,2}|#)\d+`;
const ROWS = String.raw`(?:,?\s+${ROW}(?:-${ROW})?)*`;
const AND = String.raw`(?:,\s+and\s+|,\s+|\s+and\s+|-)`;
/** `ABI section 4.5`, `ABI sections 4.5, 4.7`, `ABI section 2.5, N8`, `ABI section 9 #7`. */
const CITATION = new RegExp(
  String.raw`(?:(\w+)\s+)?\b(?:section\s+(${NUMBER}${ROWS})|sections\s+(${NUMBER}${ROWS}(?:${AND}${NUMBER}${ROWS})*))`,
  "g",
);
/** `RFC 1952 section 8`, and `Thorup, 2015, section 3.3`. */
const ELSEWHERE = /(?:RFC\s+\d+|\b\d{4}),?\s+$/;

/** Complains about what is cited and is not there; how often. */
export function checkCitations() {
  const documents = Object.fromEntries(
    Object.entries(CITED).map(([word, path]) => [
      word,
      { path, ...sectionsOf(readFileSync(join(root, path), "utf8")) },
    ]),
  );
  const text = filesOf(/\.(ts|mjs|rs|c|h|ld|py|md|toml)$/);
  const markdown = text.filter(({ path }) => path.endsWith(".md"));
  return complain([
    ...text.flatMap((file) => [...wrongSections(file, documents), ...wrongPaths(file, read)]),
    ...markdown.flatMap((file) => [...wrongLinks(file, read)]),
    ...text.filter(({ path }) => WITH_TESTS.includes(path)).flatMap((file) => [...wrongTests(file, read)]),
    ...text
      .filter(({ path }) => path.endsWith("/CATALOGUE.md"))
      .flatMap((file) => [...wrongRules(file, documents.scheduler)]),
  ]);
}

/** The text of a file, `""` of a folder, `undefined` of what is not there. */
function read(path) {
  const at = join(root, path);
  if (!existsSync(at)) return undefined;
  return /\.\w+$/.test(path) ? readFileSync(at, "utf8") : "";
}

/** The numbered sections of a document, and the rows of the tables in each, by what is in their first cell. */
export function sectionsOf(text) {
  const sections = new Map();
  const rules = new Set();
  let rows = new Set();
  for (const line of text.split("\n")) {
    const [, number] = /^#+ (\d+(?:\.\d+)?)\.? /.exec(line) ?? [];
    if (number !== undefined) {
      rows = new Set();
      sections.set(number, rows);
    }
    const [, row] = /^\| *([A-Z]{0,2}\d+) *\|/.exec(line) ?? [];
    if (row === undefined) continue;
    rows.add(/^\d/.test(row) ? `#${row}` : row);
    rules.add(row);
  }
  return { sections, rules };
}

/** Sections that are cited and are not there, and citations that do not say of what. */
export function* wrongSections({ path, text }, documents) {
  const own = Object.values(documents).find((document) => document.path === path);
  // A citation may go on in the next line of a comment.
  const plain = text.replace(/\n[ \t]*(?:\/\/[/!]?|\*|#(?= ))?[ \t]*/g, "\n");
  const where = (index) => `${path}:${plain.slice(0, index).split("\n").length}`;
  for (const { 0: cited, 1: word, 2: one, 3: many, index } of plain.matchAll(CITATION)) {
    const document = documents[word] ?? own;
    if (document === undefined) {
      const before = plain.slice(0, index) + (word === undefined ? "" : `${word} `);
      if (!ELSEWHERE.test(before) && !ELSEWHERE.test(plain.slice(0, index + cited.indexOf("section"))))
        yield `${where(index)}: "${oneLine(cited)}" does not say of what: write "ABI section N.N" or "scheduler section N.N"`;
      continue;
    }
    let rows;
    for (const token of (one ?? many).match(new RegExp(`${ROW}|${NUMBER}`, "g"))) {
      if (/^\d/.test(token)) {
        rows = document.sections.get(token);
        if (rows === undefined) yield `${where(index)}: ${document.path} has no section ${token}`;
      } else if (rows !== undefined && !rows.has(token)) {
        yield `${where(index)}: ${document.path} has no ${token} in the section cited before it`;
      }
    }
  }
  for (const { 0: cited, index } of plain.matchAll(/\bABI\s+\d+(?:\.\d+|,\s+\d+)/g))
    yield `${where(index)}: "${oneLine(cited)}": write "${oneLine(cited).replace(" ", " section ")}"`;
}

/** Files of the house that are named, from the root or from a folder above, and are not there. */
export function* wrongPaths({ path, text }, read) {
  const folders = path.split("/").map((_, index, parts) => parts.slice(0, index).join("/"));
  const named =
    /(?<![\w./@-])(?:packages|crates|tests|scripts|docs|bench|examples)\/[\w./-]+\.(?:rs|ts|mjs|c|h|ld|md)\b/g;
  for (const [file] of text.matchAll(named))
    if (!folders.some((folder) => read(join(folder, file)) !== undefined))
      yield `${path}: ${file} is named and not there`;
}

/** Relative links of a document that lead nowhere. `read` gives the text of a file, if it is there. */
export function* wrongLinks({ path, text }, read) {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [file, anchor] = target.split("#");
    const to = file === "" ? path : normalize(join(dirname(path), file));
    const linked = to === path ? text : read(to);
    if (linked === undefined) yield `${path}: the link ${target} leads nowhere`;
    else if (anchor !== undefined && !slugsOf(linked || (read(join(to, "README.md")) ?? "")).has(anchor))
      yield `${path}: the link ${target} leads to a heading that is not there`;
  }
}

/** What is named in backticks directly behind a link to a test is in that file. */
export function* wrongTests({ path, text }, read) {
  for (const [, target, names] of text.matchAll(/\]\(([^)\s]+)\)((?:(?:,|\s|and)*`[^`]+`)+)/g)) {
    const file = read(normalize(join(dirname(path), target)));
    if (file === undefined) continue;
    for (const [, name] of names.matchAll(/`([^`]+)`/g))
      if (!file.includes(oneLine(name))) yield `${path}: ${target} has nothing named "${oneLine(name)}"`;
  }
}

/** Rows of a catalogue that are named after a rule which is not there. */
export function* wrongRules({ path, text }, { path: document, rules }) {
  for (const [, rule] of text.matchAll(/^\| ([A-Z]{1,2}\d+) +\|/gm))
    if (!rules.has(rule)) yield `${path}: ${document} has no rule ${rule}`;
}

function slugsOf(text) {
  const headings = text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm);
  const slug = (title) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  return new Set([...headings].map(([, title]) => slug(title)));
}

function oneLine(text) {
  return text.replace(/\s+/g, " ");
}
