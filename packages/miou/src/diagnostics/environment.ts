import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { errorTrail, type TraceEvent, trace } from "../trace.ts";
import { recordChromeTrace } from "./chrome.ts";
import { watchOperations } from "./forgotten.ts";
import { formatTaskTree, taskTree, watchTasks } from "./tree.ts";

/** What is worth a line on the console, of all that happens. */
function describe(event: TraceEvent): string | undefined {
  switch (event.type) {
    case "violation":
    case "lost_error":
    case "suppressed": {
      const trail = errorTrail(event.error).map((line) => `\n  through ${line.split("\n")[0]}`);
      return `${event.type} in ${event.task ?? "no task"}: ${event.error}${trail.join("")}`;
    }
    case "swallowed":
    case "slow_cleanup":
    case "nested_run":
      return `${event.type}: ${event.task}`;
    default:
      return undefined;
  }
}

let read = false;

/**
 * Does, once a process and in its main thread only, what the environment asks for: `MIOU_TRACE=file` records a Chrome
 * trace and writes it when the process exits; `MIOU_DEBUG=1` prints lost errors and broken rules to stderr as they
 * happen, operations that were made and never performed, and the task tree on `SIGUSR2`.
 */
export function readEnvironment(): void {
  if (read || !isMainThread) return;
  read = true;
  const { MIOU_TRACE: file, MIOU_DEBUG: debug } = process.env;
  if (file !== undefined && file !== "") {
    const recording = recordChromeTrace();
    process.on("exit", () => {
      try {
        writeFileSync(file, JSON.stringify(recording));
      } catch (error) {
        console.error(`MIOU_TRACE: ${error}`);
      }
    });
  }
  if (debug !== undefined && debug !== "" && debug !== "0") {
    watchTasks();
    watchOperations((line) => console.error(`miou: ${line}`));
    trace.subscribe((event) => {
      const line = describe(event);
      if (line !== undefined) console.error(`miou: ${line}`);
    });
    process.on("SIGUSR2", () => console.error(formatTaskTree(taskTree())));
  }
}
