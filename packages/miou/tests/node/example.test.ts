import { type ChildProcess, spawn } from "node:child_process";
import { on, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawClient } from "./kit.ts";

const folder = mkdtempSync(join(tmpdir(), "miou-echo-"));
const program = join(folder, "echo.mjs");
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
beforeAll(async () => {
  await build({
    entryPoints: [file("../../../../examples/echo-node/main.ts")],
    outfile: program,
    alias: { "@uk/miou/node": file("../../src/node/index.ts"), "@uk/miou": file("../../src/index.ts") },
    bundle: true,
    ignoreAnnotations: true,
    platform: "node",
    format: "esm",
    target: "es2022",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A running server, and the lines it prints. */
interface Server {
  readonly child: ChildProcess;
  readonly port: number;
  line(): Promise<string>;
}

async function start({ limit = 2, patience = 30_000 } = {}): Promise<Server> {
  const child = spawn(process.execPath, [program, "0", String(limit), String(patience)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = on(createInterface(child.stdout), "line");
  const line = async (): Promise<string> => String(((await lines.next()).value as unknown[])[0]);
  return { child, line, port: Number(/listening on (\d+)/.exec(await line())?.[1]) };
}

/** Sends `word` and waits for its echo. */
async function ask(client: Socket, word: string): Promise<string> {
  client.write(word);
  return String((await once(client, "data"))[0]);
}

/** Interrupts the server; it must end by itself, without a handle that holds it. */
async function interrupt(server: Server): Promise<void> {
  const end = once(server.child, "exit");
  server.child.kill("SIGINT");
  expect(await server.line()).toBe("bye");
  expect(await end).toEqual([0, null]);
}

describe("examples/echo-node", () => {
  it("serves as many clients as its limit says, and the next when one has gone", async () => {
    const server = await start({ limit: 2 });
    const [first, second, third] = [
      await rawClient(server.port),
      await rawClient(server.port),
      await rawClient(server.port),
    ] as const;
    let answered = false;
    const answer = ask(third, "third").then((word) => {
      answered = true;
      return word;
    });
    for (let i = 0; i < 20; i++) {
      expect(await ask(first, `first ${i}`)).toBe(`first ${i}`);
      expect(await ask(second, `second ${i}`)).toBe(`second ${i}`);
    }
    expect(answered).toBe(false);
    first.end();
    expect(await answer).toBe("third");
    // Clients that are being served are closed with the server.
    const closed = Promise.all([once(second, "close"), once(third, "close")]);
    await interrupt(server);
    await closed;
  });

  it("drops a client that is silent for too long, and serves the others", async () => {
    const server = await start({ patience: 400 });
    const silent = await rawClient(server.port);
    const closed = once(silent, "close");
    silent.resume();
    await closed;
    const other = await rawClient(server.port);
    expect(await ask(other, "hello")).toBe("hello");
    const end = once(other.resume(), "close");
    await interrupt(server);
    await end;
  });

  it("ends with an error when its port is taken", async () => {
    const server = await start();
    const child = spawn(process.execPath, [program, String(server.port)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    expect((await once(child, "close"))[0]).toBe(1);
    expect(stderr).toContain("EADDRINUSE");
    await interrupt(server);
  });
});
