import { readEnvironment } from "./environment.ts";

export { publishTrace, TRACE_CHANNEL } from "./channel.ts";
export { type ChromeEvent, type ChromeOptions, ChromeTrace, recordChromeTrace } from "./chrome.ts";
export { watchOperations } from "./forgotten.ts";
export { formatTaskTree, type TaskNode, taskTree, watchTasks } from "./tree.ts";

readEnvironment();
