import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** First cells of the rows that say what the columns are. */
const HEADS = /^\| *(Invocation|Item|Offset|#|Owner|Segment flags) /;
const MARKS = /\*\*(MUST|QUIRK|Ours)\b|\b[Mm]ust\b|\b[Nn]ot checked\b|\birrelevant\b/;

/**
 * The rules of ABI sections 1 to 3: items and rows by the number or the name that they have; bullets, other rows, blocks
 * of code, and paragraphs with a mark by their place among all these in their section.
 */
function rulesOf(abi: string): string[] {
  const rules: string[] = [];
  let section = "";
  let count = 0;
  // A block of code is one line, and so is what is wrapped.
  const text = abi.replace(/^```[\s\S]*?^```$/gm, (code) => code.replaceAll("\n", " "));
  for (const block of text
    .split(/\n(?=\n|#|- |\d+\. |\||```)/)
    .map((lines) => lines.replace(/\s+/g, " ").trim())) {
    const number = /^#+ (\d+(?:\.\d+)?)\.? /.exec(block)?.[1];
    if (number !== undefined) {
      section = number;
      count = 0;
    }
    if (number !== undefined || !/^[123]\./.test(section)) continue;
    const name = /^\| *([NL]\d+) *\|/.exec(block)?.[1] ?? /^(\d+)\. /.exec(block)?.[1];
    const isRow = block.startsWith("|") && !/^\|[ :|-]*$/.test(block) && !HEADS.test(block);
    if (name !== undefined) rules.push(`${section} ${name}`);
    else if (isRow || /^(- |```)/.test(block) || (!block.startsWith("|") && MARKS.test(block)))
      rules.push(`${section} #${++count}`);
  }
  return rules;
}

/** The rules of a table's rows, each as often as it has rows: `2.2 #1-3` stands for three. */
function rulesOfTable(readme: string): string[] {
  const table = /<!-- rules -->([\s\S]*)<!-- \/rules -->/.exec(readme)?.[1] ?? "";
  return [...table.matchAll(/^\| (\d\.\d) (#|N|L)?(\d+)(?:-(\d+))? +\|.*\]\([^)]+\) `/gm)].flatMap(
    ([, section, kind = "", first, last = first]) =>
      Array.from(
        { length: Number(last) - Number(first) + 1 },
        (_, i) => `${section} ${kind}${Number(first) + i}`,
      ),
  );
}

it("finds a test for every rule of ABI sections 1 to 3 in README.md, and no rule that is not there", () => {
  const rules = rulesOf(read("../../../docs/abi.md"));
  expect(rules.length).toBeGreaterThan(100);
  expect([...new Set(rulesOfTable(read("../README.md")))].sort()).toEqual(rules.sort());
});
