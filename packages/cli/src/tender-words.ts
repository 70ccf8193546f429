/**
 * What the words of a tender's command line mean for who starts one: `[OPTIONS] [--] IMAGE [ARGS]` (ABI section 6.2).
 */
export interface TenderWords {
  /** Words in front of the image, without `--`. */
  readonly options: readonly string[];
  /** The first word that is not an option, or the word after `--`. */
  readonly image: string | undefined;
  /** The words behind it. */
  readonly args: readonly string[];
}

/** Reads a tender's command line. */
export function tenderWords(words: readonly string[]): TenderWords {
  const found = words.findIndex((word) => !word.startsWith("-") || word === "--");
  const end = found < 0 ? words.length : found;
  const at = words[end] === "--" ? end + 1 : end;
  return { options: words.slice(0, end), image: words[at], args: words.slice(at + 1) };
}

/** The standard streams, and the descriptors that `--net:NAME=@FD` names: what a child has to inherit. */
export function inherited(options: readonly string[]): ("inherit" | "ignore" | number)[] {
  const streams: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  for (const option of options) {
    const [, digits] = /^--net:[^=]*=@(\d{1,4})$/.exec(option) ?? [];
    if (digits === undefined || Number(digits) < streams.length) continue;
    while (streams.length < Number(digits)) streams.push("ignore");
    streams.push(Number(digits));
  }
  return streams;
}
