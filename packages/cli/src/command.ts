import type { CommandDef } from "citty";

/** A command, with what its `--help` ends in. */
export interface Command {
  // biome-ignore lint/suspicious/noExplicitAny: citty's own type of a command with any arguments
  readonly command: CommandDef<any>;
  readonly examples: readonly string[];
  /** Everything after the command's name is its own business: no option is checked here. */
  readonly passThrough?: boolean;
}
