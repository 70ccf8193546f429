/**
 * For launchers: what a program runs on. An image brings its own target; on a host, a launcher
 * installs one before it loads the program, or `run` prints the manifest.
 */
import { builtin } from "#builtin";
import type { Solo5 } from "./solo5.ts";

export type { Solo5 } from "./solo5.ts";

/** A bundled program holds its own copy of this package: the realm is what it shares with a launcher. */
const installed = Symbol.for("@uk/miou-solo5/target");
const realm = globalThis as { [installed]?: Solo5 };

/**
 * Makes programs of this realm run on `target`.
 *
 * @param target - or `undefined`, to print manifests again
 */
export function installTarget(target: Solo5 | undefined): void {
  if (target === undefined) delete realm[installed];
  else realm[installed] = target;
}

/** What a launcher installed, if one did. */
export function installedTarget(): Solo5 | undefined {
  return realm[installed];
}

/** What programs run on: what was installed, else the image's own; `undefined` where there is neither. */
export function currentTarget(): Solo5 | undefined {
  return installedTarget() ?? builtin;
}
