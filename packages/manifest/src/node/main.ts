import packageJson from "../../package.json" with { type: "json" };
import { ImageError } from "../elf/image-error.ts";
import type { ImageSource } from "../elf/image-source.ts";
import { readAbi, readManifest } from "../elf/read-notes.ts";
import { ManifestError } from "../manifest-error.ts";
import { parse } from "../parse.ts";
import { format } from "../print.ts";
import { SOURCE_MAX_LENGTH } from "../read-json.ts";
import { toC } from "../to-c.ts";
import { writeAll } from "./descriptor.ts";
import { FileError } from "./file-error.ts";
import { withInput } from "./input.ts";
import { WHOLE_MAX } from "./regular-file.ts";
import { visible, visibleName } from "./visible.ts";
import { writeOutput } from "./write-output.ts";

/** How the command is called, where it is a part of another one. */
export interface MainOptions {
  /** What its lines begin with, before a colon. */
  readonly prefix?: string;
  /** What its usage is written with. */
  readonly program?: string;
  readonly version?: string;
}

interface Command {
  readonly operands: readonly string[];
  run(operands: readonly string[]): void;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  "gen-manifest": {
    operands: ["SOURCE", "OUTPUT"],
    run: ([source = "", output = ""]) => generate(source, output),
  },
  "query-manifest": {
    operands: ["BINARY"],
    run: ([binary = ""]) => query(binary, "the manifest", (image) => format(readManifest(image))),
  },
  "query-abi": {
    operands: ["BINARY"],
    run: ([binary = ""]) => query(binary, "the ABI", (image) => formatAbi(image)),
  },
};

const JSON_OPTION = "--json";

/** Whether these words are for {@link main}: options aside, the first is one of its commands. */
export function isCommand(words: readonly string[]): boolean {
  return Object.hasOwn(COMMANDS, words.find((word) => word !== JSON_OPTION) ?? "");
}

/**
 * Runs `uk-manifest`, which does what `solo5-elftool` does: makes C of a manifest, and tells manifest and ABI of an
 * image. Reads and writes the descriptors 0, 1 and 2 of the process, and waits for them.
 *
 * @param words - of the command line, without the program's name
 * @returns the exit status: 0, or 1 for whatever went wrong. ABI section 1.1
 */
export function main(words: readonly string[], options: MainOptions = {}): number {
  const { prefix = "uk-manifest", program = prefix, version = packageJson.version } = options;
  const others = words.filter((word) => word !== JSON_OPTION);
  try {
    dispatch(others);
    return 0;
  } catch (error) {
    const failure = failureOf(error, others[1] ?? "");
    const lines = failure.message.split("\n").map((line) => line && `${prefix}: ${line}\n`);
    const text = `${lines.join("")}${failure.code === "USAGE" ? usage(program, version) : ""}`;
    complain(others.length < words.length ? `${JSON.stringify({ error: failure })}\n` : text);
    return 1;
  }
}

/** The words are no command. Without a message if they ask what the commands are. */
class UsageError extends Error {}

function dispatch([name, ...operands]: readonly string[]): void {
  if ([name, ...operands].some((word) => word === "--help" || word === "--version")) throw new UsageError();
  if (name === undefined) throw new UsageError("no command is given");
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`unknown command ${JSON.stringify(name)}`);
  const missing = command.operands[operands.length];
  if (missing !== undefined) throw new UsageError(`${name}: ${missing} is missing`);
  if (operands.length > command.operands.length) throw new UsageError(`${name}: too many operands`);
  command.run(operands);
}

function generate(source: string, output: string): void {
  withInput(source, "the manifest", (input) => {
    const text = toC(parse(input.upTo(SOURCE_MAX_LENGTH + 1)));
    writeOutput(output, "the C source", text, input.status);
  });
}

/** Of a file what is asked for is read; what comes out of a pipe has no places, and is held whole. */
function query(binary: string, what: string, answer: (image: Uint8Array | ImageSource) => string): void {
  withInput(binary, "the image", (input) => {
    const image = input.status.isFile() ? input.source() : input.upTo(WHOLE_MAX + 1);
    if (image instanceof Uint8Array && image.length > WHOLE_MAX) {
      throw input.refusal(`it has more than ${WHOLE_MAX} bytes, which only a regular file may have`);
    }
    writeOutput("-", what, answer(image), input.status);
  });
}

/** In the layout of ABI section 1.7. */
function formatAbi(image: Uint8Array | ImageSource): string {
  const { type, target, version } = readAbi(image);
  return `${JSON.stringify({ type, target, version }, null, 2)}\n`;
}

/** What `--json` shows of an error; without it, the lines of `message` are what is said. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly issues: readonly object[];
}

/** @throws whatever `error` is, if it is a bug */
function failureOf(error: unknown, operand: string): Failure {
  const source = visibleName(operand);
  if (error instanceof ManifestError) {
    const issues = error.issues.map(({ code, path, line, column, expected, found }) => {
      const message = `${path}: expected ${expected}, found ${found}`;
      return { code, path, line, column, expected, found, message };
    });
    const lines = issues.map(({ line, column, message }) =>
      [source, line, column, ` ${message}`].filter((part) => part !== undefined).join(":"),
    );
    return { code: error.code, message: lines.join("\n"), issues };
  }
  if (error instanceof FileError) return { code: error.code, message: error.message, issues: [] };
  if (error instanceof ImageError) {
    return { code: error.code, message: `${source}: ${visibleName(error.message)}`, issues: [] };
  }
  if (error instanceof UsageError) return { code: "USAGE", message: error.message, issues: [] };
  throw error;
}

function usage(program: string, version: string): string {
  const lines = Object.entries(COMMANDS).map(
    ([name, { operands }]) => `  ${program} ${name} ${operands.join(" ")}\n`,
  );
  const remarks = "- is standard input or output. With --json, errors are JSON.";
  return `${program} ${version}\n\nUSAGE\n\n${lines.join("")}\n${remarks}\n`;
}

/** Whether or not anybody can hear it. */
function complain(text: string): void {
  try {
    writeAll(2, Buffer.from(visible(text)));
  } catch {}
}
