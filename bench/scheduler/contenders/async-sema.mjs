import sema from "async-sema";

export default () => ({
  async mutex(n) {
    const mutex = new sema.Sema(1);
    async function worker() {
      for (let i = 0; i < n / 10; i++) {
        await mutex.acquire();
        try {
          await undefined;
        } finally {
          mutex.release();
        }
      }
    }
    await Promise.all(Array.from({ length: 10 }, worker));
  },
});
