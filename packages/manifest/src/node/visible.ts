/**
 * Text that may come from a file, as it can be printed: what would move a terminal's cursor, change its colours or turn
 * the direction of text is written as `\u001b`. Line ends and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\p{Bidi_Control}\u2028\u2029]/gu, escaped);
}

/** The same for a name within a line, which has no line ends. */
export function visibleName(text: string): string {
  return visible(text).replace(/[\n\t]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
