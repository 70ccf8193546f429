const SHOWN_CHARACTERS = 40;

/**
 * Shows text that nobody vouches for: quoted, cut after 40 characters, and with everything outside printable
 * ASCII written as an escape, so that a name cannot move a terminal's cursor.
 */
export function quote(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? text.slice(0, SHOWN_CHARACTERS) : text;
  const escaped = JSON.stringify(shown).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return shown === text ? escaped : `${escaped}... (${text.length} characters)`;
}
