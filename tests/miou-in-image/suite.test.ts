import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { catalogue } from "../../packages/miou/tests/cases/index.ts";
import { build } from "../support/boot.ts";
import { uk } from "../support/uk.ts";
import { workspace } from "../support/workspace.ts";

const folder = workspace();
const entry = fileURLToPath(new URL("main.ts", import.meta.url));
const all = Object.values(catalogue).flat();
let report: readonly string[] = [];
let errors = "";

/** What the guest says of the case of that title: `ok`, or all that it printed. */
function verdict(title: string): string {
  const at = report.findIndex((line) => line.endsWith(` ${title}`));
  if (at < 0) return `no line of the report ends in ${title}`;
  if (report[at]?.startsWith("ok ")) return "ok";
  const end = report.findIndex((line, index) => index > at && !line.startsWith("# "));
  return report.slice(at, end < 0 ? undefined : end).join("\n");
}

beforeAll(async () => {
  const { stdout, stderr } = await uk(["run", await build({ name: "suite", entry }, folder)]);
  report = stdout.trimEnd().split("\n");
  errors = stderr;
});

it("reports every case of the portable suite from an image, and nothing else", () => {
  expect(errors).toBe("");
  expect(report.slice(0, 2)).toEqual(["TAP version 13", `1..${all.length}`]);
  expect(report.filter((line) => /^(not )?ok /.test(line)).length).toBe(all.length);
  expect(report.at(-1)).toBe(`# ${all.length} cases, ${all.length} passed, 0 failed`);
});

it.each(all.map(({ id, name }) => `[${id}] ${name}`))("in an image: %s", (title) => {
  expect(verdict(title.replace(/#/g, "\\#"))).toBe("ok");
});
