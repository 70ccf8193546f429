import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from "citty";
import packageJson from "../package.json" with { type: "json" };
import type { Command } from "./command.ts";
import { build } from "./commands/build.ts";
import { dev } from "./commands/dev.ts";
import { inspect } from "./commands/inspect.ts";
import { manifest } from "./commands/manifest.ts";
import { run } from "./commands/run.ts";
import { symbolicate } from "./commands/symbolicate.ts";
import { which } from "./commands/which.ts";
import { CliError, status } from "./error.ts";
import { complain, say } from "./say.ts";

const commands: Readonly<Record<string, Command>> = {
  dev,
  build,
  run,
  symbolicate,
  manifest,
  inspect,
  which,
};

const root: CommandDef = {
  meta: { name: "uk", description: packageJson.description, version: packageJson.version },
  subCommands: Object.fromEntries(Object.entries(commands).map(([name, { command }]) => [name, command])),
};
const rootExamples = [
  "uk dev src/hello.ts",
  "uk build src/hello.ts",
  "uk run dist/hello.spt",
  "uk inspect dist/hello.spt",
];

/**
 * Runs `uk` with these words; the exit status. Everything it has to say is on standard output and
 * standard error by then.
 */
export async function main(words: readonly string[]): Promise<number> {
  try {
    return await dispatch(words);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    complain(error.message);
    return error.status;
  }
}

async function dispatch([name, ...words]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    await help(root, undefined, rootExamples);
    return name === undefined ? status.usage : status.ok;
  }
  if (name === "--version" || name === "-v") {
    say(packageJson.version);
    return status.ok;
  }
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found === undefined) {
    const known = Object.keys(commands).join(", ");
    throw new CliError(
      `unknown command ${JSON.stringify(name)}: it is one of ${known}; see uk --help`,
      status.usage,
    );
  }
  const { command, examples, passThrough = false } = found;
  if (passThrough ? words[0] === "--help" : words.includes("--help")) {
    await help(command, root, examples);
    return status.ok;
  }
  if (!passThrough) checkWords(name, words, command.args as ArgsDef);
  const { result } = await runCommand(command, { rawArgs: [...words] });
  return typeof result === "number" ? result : status.ok;
}

/** citty takes any option for a valid one; a misspelled option must not be ignored. */
function checkWords(name: string, words: readonly string[], args: ArgsDef): void {
  let positionals = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") {
      positionals++;
      continue;
    }
    const [, option = "", value] = /^--([^=]*)(=.*)?$/s.exec(word) ?? [];
    const definition = Object.hasOwn(args, option) ? args[option] : undefined;
    if (definition === undefined || definition.type === "positional")
      throw new CliError(`${name}: unknown option ${word}; see uk ${name} --help`, status.usage);
    if (definition.type === "boolean" && value !== undefined)
      throw new CliError(`${name}: option --${option} takes no value; see uk ${name} --help`, status.usage);
    if (definition.type !== "boolean" && value === undefined && ++at >= words.length)
      throw new CliError(`${name}: option ${word} needs a value; see uk ${name} --help`, status.usage);
  }
  const operands = Object.entries(args).filter(([, { type }]) => type === "positional");
  const missing = operands[positionals];
  if (missing !== undefined)
    throw new CliError(
      `${name}: ${missing[0].toUpperCase()} is missing; see uk ${name} --help`,
      status.usage,
    );
  if (positionals > operands.length)
    throw new CliError(`${name}: too many operands; see uk ${name} --help`, status.usage);
}

async function help(
  command: CommandDef,
  parent: CommandDef | undefined,
  examples: readonly string[],
): Promise<void> {
  const usage = await renderUsage(command, parent);
  // citty colours even what goes into a pipe.
  console.log(process.stdout.isTTY ? usage : stripVTControlCharacters(usage));
  console.log(`\nEXAMPLES\n\n${examples.map((example) => `  ${example}`).join("\n")}\n`);
}
