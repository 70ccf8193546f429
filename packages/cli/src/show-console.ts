import { once } from "node:events";
import type { Readable } from "node:stream";
import type { StackTraces } from "@uk/build/stack-traces";

/** Copies a guest's console to ours, to its end. Text that nobody reads any more is dropped, as tenders do. */
export async function showConsole(console: Readable, traces: StackTraces): Promise<void> {
  let isOpen = true;
  process.stdout.on("error", () => {
    isOpen = false;
  });
  const write = async (text: Uint8Array): Promise<void> => {
    if (text.length === 0 || !isOpen || process.stdout.write(text)) return;
    await once(process.stdout, "drain").catch(() => undefined);
  };
  for await (const chunk of console) await write(await traces.write(chunk));
  await write(await traces.end());
}
