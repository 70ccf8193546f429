// For `node --import`: what holds for a program that is run to learn its devices.
import { Worker } from "node:worker_threads";

// Nothing is to be said about experimental features of Node meanwhile.
process.removeAllListeners("warning");

// Killed without notice, `uk` could not end the program, which may never come to `run`. Whatever it does then, a thread
// of its own hears that the other end is closed.
const { UK_LIFELINE_FD } = process.env;
// Node passes its own options on to threads and processes that the program starts; the other end is not theirs.
if (UK_LIFELINE_FD !== undefined) {
  delete process.env.UK_LIFELINE_FD;
  const watch = `
    const { Socket } = require("node:net");
    const lifeline = new Socket({ fd: ${Number(UK_LIFELINE_FD)} });
    lifeline.once("close", () => process.kill(process.pid, "SIGKILL")).resume();
  `;
  new Worker(watch, { eval: true, execArgv: [] }).unref();
}
