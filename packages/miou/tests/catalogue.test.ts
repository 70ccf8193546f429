import { describe, it } from "vitest";
import { catalogue } from "./cases/index.ts";

for (const [title, cases] of Object.entries(catalogue)) {
  describe(title, () => {
    for (const each of cases) it(`[${each.id}] ${each.name}`, () => each.run());
  });
}
