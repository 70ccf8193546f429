/** How important a message is, the most important first. `"app"` is what the program itself has to say. */
export type LogLevel = "app" | "error" | "warning" | "info" | "debug";

const LEVELS: readonly LogLevel[] = ["app", "error", "warning", "info", "debug"];

let shown = LEVELS.indexOf("error");

/** Messages of one source: one function a level. */
export type Logger = { readonly [L in LogLevel]: (message: string, ...details: unknown[]) => void };

/** What of the global console is used. */
interface Console {
  log(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/**
 * A logger for the source `src`, e.g. the name of a package. A message is a line `src: [level] message` on the console; nothing
 * below `"error"` is shown unless {@link showLogs} asks for it. Never suspends; may be called anywhere.
 */
export function logger(src: string): Logger {
  const at = (level: LogLevel): Logger[LogLevel] => {
    const rank = LEVELS.indexOf(level);
    return (message, ...details) => {
      if (rank > shown) return;
      const { console } = globalThis as unknown as { console: Console };
      const print = level === "error" || level === "warning" ? console.error : console.log;
      print(`${src}: [${level}] ${message}`, ...details);
    };
  };
  return { app: at("app"), error: at("error"), warning: at("warning"), info: at("info"), debug: at("debug") };
}

/**
 * Shows messages down to `level`, of every source of this realm.
 *
 * @returns the level until now
 * @throws {RangeError} there is no such level
 */
export function showLogs(level: LogLevel): LogLevel {
  const rank = LEVELS.indexOf(level);
  if (rank < 0) throw new RangeError(`showLogs: ${JSON.stringify(level)} is not one of ${LEVELS.join(", ")}`);
  const before = LEVELS[shown] ?? "error";
  shown = rank;
  return before;
}
