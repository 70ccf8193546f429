import { spawn } from "node:child_process";
import { RuntimeError } from "./error.ts";
import { buildId, compilerPath } from "./parts.ts";

/** Bytecode of one ES module, and the base images that it is for. */
export interface CompiledModule {
  /** What the guest's engine reads. Only that of the same build may. */
  readonly bytecode: Uint8Array;
  /** Build id of the base images, 32 bytes; `@uk/image` compares it with that of the one it links. */
  readonly buildId: Uint8Array;
}

/**
 * Compiles one bundled ES module with the engine build that is in the base images.
 *
 * @param source - the module; all imports bundled, except `uk:solo5`
 * @param name - shown in stack traces, e.g. `hello.js`
 * @throws {TypeError} (as a rejection) `source` or `name` is not a string
 * @throws {RuntimeError} `SYNTAX` with line and column in `source`; `NOT_BUILT`; `COMPILER_FAILED`
 */
export async function compileModule(source: string, name: string): Promise<CompiledModule> {
  if (typeof source !== "string" || typeof name !== "string")
    throw new TypeError("compileModule: source and name must be strings");
  return { bytecode: await runCompiler(name, source), buildId: buildId() };
}

function runCompiler(name: string, input: string): Promise<Uint8Array> {
  const { promise, resolve, reject } = withResolvers<Uint8Array>();
  const child = spawn(compilerPath(), [name], { stdio: ["pipe", "pipe", "pipe"] });
  const output: Buffer[] = [];
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  child.on("error", (error) => reject(new RuntimeError("COMPILER_FAILED", `uk-compile: ${error.message}`)));
  child.on("close", (status, signal) => {
    if (status === 0) resolve(Buffer.concat(output));
    else reject(failure(errors, status, signal));
  });
  // A compiler that ended early closes its input; its status says why.
  child.stdin.on("error", () => {}).end(input);
  return promise;
}

function failure(errors: string, status: number | null, signal: string | null): RuntimeError {
  let report: { name?: string; message?: string; line?: number; column?: number };
  try {
    report = JSON.parse(errors);
  } catch {
    return new RuntimeError(
      "COMPILER_FAILED",
      `uk-compile ended with ${signal ?? `status ${status}`}: ${errors.trim()}`,
    );
  }
  const { name, message = "unknown error", line, column } = report;
  if (name === undefined) return new RuntimeError("COMPILER_FAILED", `uk-compile: ${message}`);
  return new RuntimeError("SYNTAX", `${name}: ${message}`, {
    ...(typeof line === "number" && { line }),
    ...(typeof column === "number" && { column }),
  });
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
