import { describe, expect, it } from "vitest";
import { type Timer, Timers } from "./timers.ts";

function timer(deadline: number): Timer {
  return { deadline, order: 0, index: -1, fire() {} };
}

describe("Timers", () => {
  it("holds an entry once, however often it is added, at its last deadline", () => {
    const timers = new Timers();
    const [early, twice, late] = [timer(10), timer(5), timer(30)];
    for (const each of [early, twice, late]) timers.add(each);
    twice.deadline = 20;
    timers.add(twice);
    expect([timers.size, timers.earliest]).toEqual([3, 10]);
    expect(timers.takeDue(25)).toEqual([early, twice]);
    timers.remove(twice);
    timers.remove(late);
    expect([timers.size, timers.earliest]).toEqual([0, undefined]);
  });
});
