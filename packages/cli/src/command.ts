import { CliError, status } from "./error.ts";

/** An option of a command, in its help. */
export interface Option {
  readonly what: string;
  /** What its value is called; a switch has none. */
  readonly value?: string;
}

/**
 * A command, as its help shows it. All commands are in one file, so what a package brings that not all of them need is
 * imported when it is needed.
 */
export interface Command {
  /** What it does, in a sentence. */
  readonly what: string;
  /** By name, in order, what each operand is; one in brackets may be left out. */
  readonly operands: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, Option>>;
  /** What else may be there instead of the operands, and what that is. */
  readonly alternatives?: Readonly<Record<string, string>>;
  /** What its help ends in. */
  readonly examples: readonly string[];
  /** Whether all words are operands: what they mean is its own business. */
  passThrough?(words: readonly string[]): boolean;
  /** @returns the exit status */
  run(words: Words): number | Promise<number>;
}

/** The words of a command line. */
export interface Words {
  readonly operands: readonly string[];
  /** Values by name; of a switch, an empty one. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Reads the words behind a command's name.
 *
 * @throws {CliError} they are not those of the command
 */
export function parseWords(name: string, command: Command, words: readonly string[]): Words {
  const wrong = (what: string): CliError =>
    new CliError(`${name}: ${what}; see uk ${name} --help`, status.usage);
  const known = new Map(Object.entries(command.options ?? {}));
  const operands: string[] = [];
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const [, option = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const definition = known.get(option);
    if (definition === undefined) throw wrong(`unknown option ${word}`);
    const isSwitch = definition.value === undefined;
    if (isSwitch && value !== undefined) throw wrong(`option --${option} takes no value`);
    const given = isSwitch ? "" : (value ?? words[++at]);
    if (given === undefined) throw wrong(`option ${word} needs a value`);
    options.set(option, given);
  }
  const missing = Object.keys(command.operands)[operands.length];
  if (missing !== undefined) throw wrong(`${missing} is missing`);
  if (operands.length > Object.keys(command.operands).length) throw wrong("too many operands");
  return { operands, options };
}

/** The help of a command. */
export function helpOf(
  name: string,
  { what, operands, options = {}, alternatives = {}, examples }: Command,
): string {
  const rows = Object.entries(options).map(
    ([option, { value, what }]) => [`--${option}${value === undefined ? "" : ` ${value}`}`, what] as const,
  );
  const words = [name, ...(rows.length > 0 ? ["[OPTIONS]"] : []), ...Object.keys(operands)];
  return page(
    what,
    words.join(" "),
    { ARGUMENTS: Object.entries({ ...operands, ...alternatives }), OPTIONS: rows },
    examples,
  );
}

type Rows = readonly (readonly [string, string])[];

/** A page of help. */
export function page(
  what: string,
  usage: string,
  sections: Readonly<Record<string, Rows>>,
  examples: readonly string[],
): string {
  const parts = Object.entries(sections).filter(([, rows]) => rows.length > 0);
  const width = Math.max(...parts.flatMap(([, rows]) => rows.map(([name]) => name.length)));
  const texts = parts.map(([title, rows]) => {
    const lines = rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}\n`);
    return `${title}\n\n${lines.join("")}\n`;
  });
  const ends = examples.map((example) => `  ${example}\n`).join("");
  return `${what}\n\nUSAGE\n\n  uk ${usage}\n\n${texts.join("")}EXAMPLES\n\n${ends}`;
}
