/** The line of `source` at `line` with a mark under `column` (both from 1), and its neighbours. */
export function codeFrame(source: string, line: number, column: number): string {
  const lines = source.split("\n");
  const from = Math.max(line - 2, 1);
  const to = Math.min(line + 1, lines.length);
  const width = String(to).length;
  const rows: string[] = [];
  for (let number = from; number <= to; number++) {
    rows.push(`    ${String(number).padStart(width)} │ ${lines[number - 1] ?? ""}`);
    if (number === line)
      rows.push(`    ${" ".repeat(width)} ╵ ${blank(lines[number - 1] ?? "", column - 1)}^`);
  }
  return rows.join("\n");
}

/** As wide as the first `count` characters of `text`, whatever a tab is. */
function blank(text: string, count: number): string {
  return text.slice(0, count).replace(/[^\t]/g, " ").padEnd(count);
}
