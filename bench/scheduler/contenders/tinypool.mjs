import { Tinypool } from "tinypool";

const WINDOW = 20;

export default () => ({
  async parallel(n) {
    // As a run of miou: the threads are started and stopped with it.
    const pool = new Tinypool({
      filename: new URL("./work.mjs", import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: WINDOW,
    });
    const batch = Array.from({ length: WINDOW }, (_, i) => i);
    for (let i = 0; i < n / WINDOW; i++) {
      const results = await Promise.all(batch.map((k) => pool.run(k)));
      if (!results.every((value, at) => value === at + 1)) throw new Error("wrong");
    }
    await pool.destroy();
  },
});
