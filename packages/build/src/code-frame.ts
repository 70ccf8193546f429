import { visible } from "@uk/manifest/node";

/** The line of `source` at `line` with a mark under `column` (both from 1), and its neighbours. */
export function codeFrame(source: string, line: number, column: number): string {
  const lines = source.split(/\r?\n/);
  const from = Math.max(line - 2, 1);
  const to = Math.min(line + 1, lines.length);
  const width = String(to).length;
  const rows: string[] = [];
  for (let number = from; number <= to; number++) {
    const text = lines[number - 1] ?? "";
    rows.push(`    ${String(number).padStart(width)} │ ${visible(text)}`);
    if (number === line) rows.push(`    ${" ".repeat(width)} ╵ ${blank(text, column - 1)}^`);
  }
  return rows.join("\n");
}

/** As wide as the first `count` characters of `text`, whatever a tab is. */
function blank(text: string, count: number): string {
  return visible(text.slice(0, count)).replace(/[^\t]/g, " ").padEnd(count);
}
