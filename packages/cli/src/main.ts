import packageJson from "../package.json" with { type: "json" };
import { type Command, helpOf, page, parseWords } from "./command.ts";
import { build } from "./commands/build.ts";
import { dev } from "./commands/dev.ts";
import { inspect } from "./commands/inspect.ts";
import { manifest } from "./commands/manifest.ts";
import { run } from "./commands/run.ts";
import { symbolicate } from "./commands/symbolicate.ts";
import { which } from "./commands/which.ts";
import { CliError, isSaid, status } from "./error.ts";
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

const examples = [
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
    if (!isSaid(error)) throw error;
    complain(error.message);
    return error.status ?? status.failure;
  }
}

async function dispatch([name, ...words]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const rows = Object.entries(commands).map(([name, { what }]) => [name, what] as const);
    say(page(packageJson.description, "COMMAND ...", { COMMANDS: rows }, [...examples, "uk build --help"]));
    return name === undefined ? status.usage : status.ok;
  }
  if (name === "--version" || name === "-v") {
    say(packageJson.version);
    return status.ok;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const known = Object.keys(commands).join(", ");
    throw new CliError(
      `unknown command ${JSON.stringify(name)}: it is one of ${known}; see uk --help`,
      status.usage,
    );
  }
  const passThrough = command.passThrough?.(words) === true;
  if (passThrough ? words[0] === "--help" : words.includes("--help")) {
    say(helpOf(name, command));
    return status.ok;
  }
  const parsed = passThrough ? { operands: words, options: new Map() } : parseWords(name, command, words);
  return command.run(parsed);
}
