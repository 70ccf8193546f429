import { visible } from "@uk/manifest/node";

/** Prints on standard output. Everything that `uk` says itself goes through here or {@link complain}. */
export function say(text: string): void {
  console.log(visible(text));
}

/** Says something to the user on standard error. */
export function complain(text: string): void {
  console.error(`uk: ${visible(text)}`);
}
