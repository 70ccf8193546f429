import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addYieldHook, runYieldHooks, type YieldHook } from "./hooks.ts";
import { installTarget } from "./target.ts";
import { virtualTarget } from "./testing/virtual-target.ts";

const target = virtualTarget();
const added: YieldHook[] = [];
const add = (fn: () => void): YieldHook => {
  const hook = addYieldHook(fn);
  added.push(hook);
  return hook;
};
beforeEach(() => installTarget(target));
afterEach(() => {
  installTarget(undefined);
  for (const hook of added.splice(0)) hook.remove();
  vi.restoreAllMocks();
});

describe("yield hooks", () => {
  it("run newest first, each time", () => {
    const order: string[] = [];
    for (const name of ["a", "b", "c"]) add(() => order.push(name));
    runYieldHooks(target);
    runYieldHooks(target);
    expect(order.join("")).toBe("cbacba");
  });

  it("do not run once removed; removing one twice removes no other", () => {
    const order: string[] = [];
    const same = (): void => void order.push("same");
    const first = add(same);
    add(same);
    first.remove();
    first.remove();
    runYieldHooks(target);
    expect(order).toEqual(["same"]);
  });

  it("may remove themselves and add others, which run from the next time on", () => {
    const order: string[] = [];
    const once = add(() => {
      order.push("once");
      once.remove();
      add(() => order.push("added"));
    });
    runYieldHooks(target);
    expect(order).toEqual(["once"]);
    runYieldHooks(target);
    expect(order).toEqual(["once", "added"]);
  });

  it("that throw are removed and shown, and the others run all the same", () => {
    const shown = vi.spyOn(console, "error").mockImplementation(() => {});
    const order: string[] = [];
    add(() => order.push("older"));
    add(() => {
      order.push("broken");
      throw new Error("hook");
    });
    runYieldHooks(target);
    runYieldHooks(target);
    expect(order).toEqual(["broken", "older", "older"]);
    expect(shown).toHaveBeenCalledTimes(1);
  });

  it("that remove themselves and then throw take no other with them", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const order: string[] = [];
    add(() => order.push("older"));
    const broken = add(() => {
      broken.remove();
      throw new Error("hook");
    });
    runYieldHooks(target);
    runYieldHooks(target);
    expect(order).toEqual(["older", "older"]);
  });
});
