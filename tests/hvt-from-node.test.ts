// An image built here, and started from Node where guests execute: Node and the packages go along.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { root, workspace } from "./support/workspace.ts";
import { runBatch } from "./vm/batch.ts";

const folder = workspace();

/** What `uk run` imports for a guest without a stack trace: no more. */
const PACKAGES = ["cli", "tender", "tender-hvt"];

/** The files of a package as npm would install them, without maps and types: where they go, and where they are. */
function installed(name: string, from: string): [string, string][] {
  const files = readdirSync(from, { recursive: true, encoding: "utf8" }).map((path) => join(from, path));
  const needed = files.filter(
    (path) =>
      /(\.json|\.m?js|\.cjs|\/dist\/[\w-]+(\.elf)?)$/.test(path) &&
      !/\/(node_modules|src|scripts|npm)\//.test(relative(from, path)),
  );
  return needed
    .filter((path) => statSync(path).isFile())
    .map((path) => [`node_modules/${name}/${relative(from, path)}`, path]);
}

/** A program with `spawn` of the package. */
const SPAWN = `
  import { spawn } from "@uk/tender-hvt";
  const guest = spawn("dist/hello.hvt", { mem: 16, stdio: "pipe" });
  let text = "";
  for await (const chunk of guest.stdout.setEncoding("utf8")) text += chunk;
  console.log(JSON.stringify([await guest.exit, text]));`;

it("uk build examples/hello && uk run dist/hello.hvt prints Hello World, and spawn does, too", {
  timeout: 400_000,
}, async () => {
  await build(guest("hello"), folder);
  writeFileSync(join(folder, "spawn.mjs"), SPAWN);
  const [ran, spawned] = await runBatch({
    files: Object.fromEntries([
      ...PACKAGES.flatMap((name) => installed(`@uk/${name}`, join(root, "packages", name))),
      ["spawn.mjs", join(folder, "spawn.mjs")],
      ["dist/hello.hvt", join(folder, "hello.hvt")],
      ["dist/hello.map", join(folder, "hello.map")],
    ]),
    programs: ["node"],
    steps: [
      {
        name: "uk run",
        argv: ["node", "node_modules/@uk/cli/bin/uk.mjs", "run", "dist/hello.hvt"],
        timeoutMs: 180_000,
      },
      { name: "spawn", argv: ["node", "spawn.mjs"], timeoutMs: 180_000 },
    ],
  });
  expect(ran).toMatchObject({ status: 0, stdout: "Hello World\n", stderr: "" });
  expect(spawned).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(spawned?.stdout ?? "")).toEqual([{ reason: "exit", status: 0 }, "Hello World\n"]);
});
