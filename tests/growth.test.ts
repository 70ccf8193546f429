import { expect, it } from "vitest";
import { boot, build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();

/** What n log n stays below and n squared, which grows by 16, does not. */
const MOST = 6;

it("operations on four times the input take at most six times as long in an image", async () => {
  const image = await build(guest("growth"), folder);
  const { status, stdout, stderr } = await boot(image, { mem: 256, args: [] });
  const operations: { name: string; growth: number }[] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(operations.length).toBeGreaterThan(50);
  expect(operations.filter(({ growth }) => growth > MOST)).toEqual([]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}, 240_000);
