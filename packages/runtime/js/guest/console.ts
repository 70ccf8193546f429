/**
 * The guest's `console` beyond plain lines: formatting as Node does it, groups, tables, timers.
 *
 * Compiled into the base image and read when a program first needs it; `guest/src/console.rs` calls it.
 */
import { format, inspect } from "node-inspect-extracted";
import { type Engine, formatWith } from "./engine.ts";

/** The methods of `console`, each called with the program's own arguments. */
export type Methods = Record<string, (...args: unknown[]) => void>;

const INDENT = 2;

export function create(engine: Engine): Methods {
  formatWith(engine);
  let indent = "";
  const counts = new Map<string, number>();
  const timers = new Map<string, number>();

  const line = (text: string): void => {
    engine.write(indent === "" ? `${text}\n` : `${indent}${text.replaceAll("\n", `\n${indent}`)}\n`);
  };
  const log = (...args: unknown[]): void => {
    line(formatted(args));
  };
  const elapsed = (label: string): string | undefined => {
    const start = timers.get(label);
    if (start === undefined) {
      log(`Warning: No such label '${label}' for console.time()`);
      return undefined;
    }
    return `${label}: ${duration(performance.now() - start)}`;
  };
  const group = (...args: unknown[]): void => {
    if (args.length > 0) log(...args);
    indent += " ".repeat(INDENT);
  };

  return {
    log,
    info: log,
    debug: log,
    warn: log,
    error: log,
    dirxml: log,
    assert(condition, ...args) {
      if (condition) return;
      args[0] = args.length === 0 ? "Assertion failed" : `Assertion failed: ${args[0]}`;
      log(...args);
    },
    count(label = "default") {
      const name = String(label);
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      log(`${name}: ${count}`);
    },
    countReset(label = "default") {
      const name = String(label);
      if (!counts.delete(name)) log(`Warning: Count for '${name}' does not exist`);
    },
    dir(value, options) {
      line(inspect(value, { customInspect: false, ...(options as object | undefined) }));
    },
    group,
    groupCollapsed: group,
    groupEnd() {
      indent = indent.slice(INDENT);
    },
    table(data, columns) {
      if (data === null || typeof data !== "object") log(data);
      else line(table(data, columns as readonly string[] | undefined));
    },
    time(label = "default") {
      const name = String(label);
      if (timers.has(name)) log(`Warning: Label '${name}' already exists for console.time()`);
      else timers.set(name, performance.now());
    },
    timeEnd(label = "default") {
      const name = String(label);
      const text = elapsed(name);
      if (text !== undefined) line(text);
      timers.delete(name);
    },
    timeLog(label = "default", ...args) {
      const text = elapsed(String(label));
      if (text !== undefined) log(text, ...args);
    },
    trace(...args) {
      const trace = { name: "Trace", message: args.length > 0 ? formatted(args) : "" };
      Error.captureStackTrace(trace, this.trace);
      line((trace as unknown as Error).stack ?? "");
    },
  };
}

/** A line as Node has it. What cannot be shown, since code of the program throws as it is asked, is said to be so. */
function formatted(args: unknown[]): string {
  try {
    return format(...args);
  } catch {
    return args.map(shown).join(" ");
  }
}

function shown(value: unknown): string {
  try {
    return typeof value === "string" ? value : inspect(value);
  } catch {
    return "<inspection threw>";
  }
}

/** A duration in milliseconds, as `console.timeEnd` shows it. */
function duration(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(ms < 1 ? 3 : 6))}ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(3)}s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds % 60).toFixed(3).padStart(6, "0")} (m:ss.mmm)`;
}

/** `console.table`: one row an entry, one column a property, in a box. */
function table(data: object, only: readonly string[] | undefined): string {
  const isMap = data instanceof Map;
  const isSet = data instanceof Set;
  const rows: [string, unknown][] = isMap
    ? [...data].map(([key, value], index) => [String(index), { Key: key, Values: value }])
    : Object.entries(isSet ? [...data] : data);
  const columns: string[] = only === undefined ? [] : [...only];
  let plain = false;
  for (const [, row] of rows) {
    if (row === null || typeof row !== "object") plain = true;
    else if (only === undefined)
      for (const key of Object.keys(row)) if (!columns.includes(key)) columns.push(key);
  }
  const show = (value: unknown): string =>
    inspect(value, { depth: 0, maxArrayLength: 3, breakLength: Infinity });
  const head = [isMap || isSet ? "(iteration index)" : "(index)", ...columns, ...(plain ? ["Values"] : [])];
  const cells = rows.map(([key, row]) => {
    const object = row !== null && typeof row === "object" ? (row as Record<string, unknown>) : undefined;
    const values = columns.map((column) =>
      object !== undefined && column in object ? show(object[column]) : "",
    );
    return [key, ...values, ...(plain ? [object === undefined ? show(row) : ""] : [])];
  });
  const widths = head.map(
    (text, index) => Math.max(text.length, ...cells.map((row) => (row[index] ?? "").length)) + 2,
  );
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const cell = (text: string, width: number): string => ` ${text}`.padEnd(width);
  const render = (row: readonly string[]): string =>
    `│${row.map((text, index) => cell(text, widths[index] ?? 0)).join("│")}│`;
  return [
    rule("┌", "┬", "┐"),
    render(head),
    rule("├", "┼", "┤"),
    ...cells.map(render),
    rule("└", "┴", "┘"),
  ].join("\n");
}
