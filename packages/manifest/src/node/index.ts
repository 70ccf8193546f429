// What needs Node: the command, and files and text that come from elsewhere.

export { FileError, type FileErrorCode } from "./file-error.ts";
export { isCommand, type MainOptions, main } from "./main.ts";
export { readRegularFile, WHOLE_MAX, whyNotReadable, withRegularFile } from "./regular-file.ts";
export { systemReason } from "./system-reason.ts";
export { visible, visibleName } from "./visible.ts";
