import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type Ended, ended, startUk, uk } from "./support/uk.ts";
import { root, workspace } from "./support/workspace.ts";

const folder = workspace();
const started: Dev[] = [];
afterEach(async () => {
  for (const { child, end } of started.splice(0)) {
    child.kill("SIGTERM");
    await end;
  }
});

interface Dev {
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  /** Waits until it has said that; all that it said so far. */
  readonly says: (text: string) => Promise<string>;
}

/** `uk dev` while it runs. */
function dev(...words: string[]): Dev {
  const child = startUk(["dev", ...words]);
  const end = ended(child);
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: string) => {
      output += chunk;
      for (const listener of listeners) listener();
    });
  const says = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!output.includes(text)) return;
        listeners.delete(look);
        resolve(output);
      };
      listeners.add(look);
      void end.then(() => reject(new Error(`uk dev ended before it said ${text}: ${output}`)));
      look();
    });
  const running = { child, end, says };
  started.push(running);
  return running;
}

/** A program in a file of its own. */
function program(name: string, main: string): string {
  const file = join(folder, name, "main.ts");
  mkdirSync(join(folder, name), { recursive: true });
  writeProgram(file, main);
  return file;
}

function writeProgram(file: string, main: string): void {
  writeFileSync(
    file,
    `import { argv, run, sleep } from "@uk/miou-solo5";\nrun([], function* () {\n${main}\n});\n`,
  );
}

describe("uk dev", () => {
  it("reports operations that are made and never performed, once each, with their places", async () => {
    const main = program(
      "forgotten",
      "  sleep(10);\n  for (let i = 0; i < 3; i++) sleepNs(5n);\n  yield* sleep(1);",
    );
    writeFileSync(main, readFileSync(main, "utf8").replace("sleep }", "sleep, sleepNs }"));
    const { status, stderr } = await uk(["dev", "--no-watch", main]);
    expect(status).toBe(0);
    expect(stderr.split("\n").map((line) => line.replace(folder, ""))).toEqual([
      "uk: sleep 10 ms, made at /forgotten/main.ts:3:3, was never performed: is yield* missing before it?",
      "uk: sleep 0.000005 ms, made at /forgotten/main.ts:4:31, was never performed: is yield* missing before it?",
      "",
    ]);
  });

  it("reports one in a program that goes on", async () => {
    const running = dev("--no-watch", program("forgotten-server", "  sleep(10);\n  yield* sleep(1e9);"));
    expect(await running.says("is yield* missing")).toContain("/forgotten-server/main.ts:3:3");
  });

  it("runs a program once with its devices and arguments; its status is the program's", async () => {
    const disk = join(folder, "log.img");
    writeFileSync(disk, new Uint8Array(8192));
    const words = ["dev", "--no-watch", `--block:storage=${disk}`, join(root, "examples/disk-log")];
    expect(await uk([...words, "2"])).toMatchObject({
      status: 0,
      stdout: "recovered 0\nacknowledged 1\nacknowledged 2\n",
      stderr: "",
    });
    expect(await uk([...words, "0"])).toMatchObject({ status: 0, stdout: "recovered 2\n" });
  });

  it("shows where an error is in TypeScript, and ends with its status", async () => {
    const file = program("failing", 'yield* sleep(1);\nthrow new Error("a bug");');
    const { status, stderr } = await uk(["dev", "--no-watch", file]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Error: a bug[\s\S]*failing\/main\.ts:4:7/);
  });

  it.each([
    { words: ["--no-watch"], says: "ENTRY is missing", ends: 64 },
    { words: ["--no-watch", "nowhere.ts"], says: "nowhere.ts: cannot open the program", ends: 1 },
    {
      words: ["--no-watch", "--blok:x=y", join(root, "examples/hello")],
      says: "unknown option '--blok:x=y'",
      ends: 1,
    },
    {
      words: ["--no-watch", "--net:service=tap0", join(root, "examples/hello")],
      says: "does not declare a NET_BASIC device 'service'",
      ends: 1,
    },
    { words: ["--no-watch", join(root, "examples/block")], says: "'storage'", ends: 1 },
    {
      words: ["--no-watch", "--block:storage=/nowhere/disk.img", join(root, "examples/block")],
      says: "/nowhere/disk.img",
      ends: 1,
    },
  ])("$words: one line, status $ends", async ({ words, says, ends }) => {
    const { status, stdout, stderr } = await uk(["dev", ...words]);
    expect({ status, stdout }).toEqual({ status: ends, stdout: "" });
    expect(stderr).toMatch(/^uk: [^\n]*\n$/);
    expect(stderr).toContain(says);
  });

  it("starts the program again when a source changes, also after an error", async () => {
    const file = program("changing", 'console.log("first", argv[1]); yield* sleep(1e6);');
    const { child, end, says } = dev(file, "word");
    await says("first word");
    writeProgram(file, "console.log('second'); return;");
    await says("the program changed: starting it again");
    await says("second\n");
    await says("the program ended with status 0: waiting for a change");
    writeProgram(file, "const = 1;");
    await says("changing/main.ts:3:");
    writeProgram(file, 'console.log("third"); yield* sleep(1e6);');
    await says("third");
    child.kill("SIGINT");
    expect(await end).toMatchObject({ status: 130 });
  });

  it.each([
    { words: ["--no-watch"], signal: "SIGTERM", ends: 143 },
    { words: [], signal: "SIGINT", ends: 130 },
  ] as const)(
    "$signal while it learns the devices: $words the program is not run",
    async ({ words, signal, ends }) => {
      const file = program("slow", 'console.log("running");');
      writeFileSync(
        file,
        `console.log("loading"); await new Promise((resolve) => setTimeout(resolve, 500));\n${readFileSync(file, "utf8")}`,
      );
      const { child, end, says } = dev(...words, file);
      await says("loading");
      child.kill(signal);
      expect(await end).toMatchObject({ status: ends, stdout: "" });
    },
  );

  it.each([[["--no-watch"]], [[]]])(
    "does not leave its program behind when it is killed: %j",
    async (words) => {
      const file = program("orphan", 'console.log("waiting"); yield* sleep(1e6);');
      const { child, end, says } = dev(...words, file);
      await says("waiting");
      child.kill("SIGKILL");
      // Ends with the last process that has its output.
      expect(await end).toMatchObject({ signal: "SIGKILL" });
    },
  );

  it("a program may start threads and processes, and has no channel to uk dev", async () => {
    const file = program("starting", "yield* sleep(1);");
    writeFileSync(
      file,
      `import { fork } from "node:child_process";
      import { fileURLToPath } from "node:url";
      import { isMainThread, Worker } from "node:worker_threads";
      import { run, sleep } from "@uk/miou-solo5";
      const file = new URL("child.mjs", ${JSON.stringify(pathToFileURL(file).href)});
      run([], function* () {
        console.log(isMainThread, typeof process.send);
        new Worker(file).on("exit", () => fork(fileURLToPath(file)));
        yield* sleep(1);
      });`,
    );
    writeFileSync(join(folder, "starting", "child.mjs"), 'console.log("started");');
    expect(await uk(["dev", "--no-watch", file])).toMatchObject({
      status: 0,
      stdout: "true undefined\nstarted\nstarted\n",
      stderr: "",
    });
  });

  it("all devices that are missing are named, one a line", async () => {
    const { status, stderr } = await uk(["dev", "--no-watch", join(root, "examples/net-bridge")]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^uk: device 'left' [^\n]*\nuk: device 'right' [^\n]*\n$/);
  });

  it("a descriptor that is not open is refused in one line", async () => {
    const words = ["dev", "--no-watch", "--net:service=@999", join(root, "examples/net-echo")];
    const { status, stdout, stderr } = await uk(words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^uk: option '--net:service=@999': descriptor @999 [^\n]*\n$/);
  });

  it("can be inspected while its tasks wait", async () => {
    const file = program("inspected", 'console.log("waiting"); yield* sleep(1e6);');
    const { says } = dev("--inspect=127.0.0.1:0", "--no-watch", file);
    const [, address] = /ws:\/\/([\d.:]+)\//.exec(await says("Debugger listening on ws://")) ?? [];
    await says("waiting");
    const targets = (await (await fetch(`http://${address}/json/list`)).json()) as { type: string }[];
    expect(targets.map(({ type }) => type)).toEqual(["node"]);
  });
});
