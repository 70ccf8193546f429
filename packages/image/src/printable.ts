/** What a terminal would act upon, or not show: controls, marks of direction, halves of pairs. */
const HIDDEN = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Text out of an image as it may be shown: what is hidden as `\u{9b}`. */
export function printable(text: string): string {
  return text.replace(HIDDEN, (hidden) => `\\u{${(hidden.codePointAt(0) ?? 0).toString(16)}}`);
}
