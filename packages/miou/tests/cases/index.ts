import { cancellation } from "./cancellation.ts";
import { events } from "./events.ts";
import type { Case } from "./kit.ts";
import { order } from "./order.ts";
import { orphans } from "./orphans.ts";
import { parents } from "./parents.ts";
import { races } from "./race.ts";
import { resources } from "./resources.ts";
import { sharing } from "./sharing.ts";
import { synchronisation } from "./synchronisation.ts";

/** The portable suite: whoever runs it prints the names and calls `run`. */
export const catalogue: Readonly<Record<string, readonly Case[]>> = {
  "order and waiting": order,
  "parent rules": parents,
  cancellation,
  "race and one-of": races,
  orphans,
  resources,
  synchronisation,
  "operations in two tasks": sharing,
  "events, hooks and runs": events,
};
