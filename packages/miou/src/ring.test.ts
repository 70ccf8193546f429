import fc from "fast-check";
import { expect, it } from "vitest";
import { Ring } from "./ring.ts";

it("holds what an array holds, whatever is done to both", () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant("push" as const), times: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ do: fc.constant("unshift" as const), times: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ do: fc.constant("shift" as const), times: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ do: fc.constant("bringForward" as const), times: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const ring = new Ring<number>();
      const model: number[] = [];
      let next = 0;
      for (const { do: what, times } of actions) {
        if (what === "bringForward") {
          if (model.length === 0) continue;
          const index = times % model.length;
          ring.bringForward(index);
          [model[0], model[index]] = [model[index] as number, model[0] as number];
        } else {
          for (let i = 0; i < times; i++) {
            if (what === "push") {
              ring.push(next);
              model.push(next++);
            } else if (what === "unshift") {
              ring.unshift(next);
              model.unshift(next++);
            } else expect(ring.shift()).toBe(model.shift());
          }
        }
        expect(ring.length).toBe(model.length);
        expect(ring.at(model.length)).toBe(undefined);
      }
      expect(model.map((_, index) => ring.at(index))).toEqual(model);
    }),
    { numRuns: 60 },
  );
});
