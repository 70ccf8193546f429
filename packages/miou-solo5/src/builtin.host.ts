import type { Solo5 } from "./solo5.ts";

/** On a host there are no bindings of our own. */
export const builtin: Solo5 | undefined = undefined;
