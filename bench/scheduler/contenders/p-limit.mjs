import pLimit from "p-limit";

export default () => ({
  async mutex(n) {
    const limit = pLimit(1);
    async function worker() {
      for (let i = 0; i < n / 10; i++)
        await limit(async () => {
          await undefined;
        });
    }
    await Promise.all(Array.from({ length: 10 }, worker));
  },
});
