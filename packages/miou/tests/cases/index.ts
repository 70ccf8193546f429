import { cancellation } from "./cancellation.ts";
import type { Case } from "./kit.ts";
import { order } from "./order.ts";
import { parents } from "./parents.ts";
import { races } from "./race.ts";

/** The portable suite: whoever runs it prints the names and calls `run`. */
export const catalogue: Readonly<Record<string, readonly Case[]>> = {
  "order and waiting": order,
  "parent rules": parents,
  cancellation,
  "race and one-of": races,
};
