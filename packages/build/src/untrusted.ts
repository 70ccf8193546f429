// What everything does with files and text that come from elsewhere; it loads next to nothing.
export { BuildError, type BuildErrorCode, type Place } from "./build-error.ts";
export { readRegularFile, WHOLE_MAX, withRegularFile } from "./regular-file.ts";
export { visible, visibleName } from "./visible.ts";
