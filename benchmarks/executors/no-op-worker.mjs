// Does nothing, at once. Without arguments for the process that started it, else for whoever queues at a server.
import { fileURLToPath } from "node:url";

const at = (folder) => fileURLToPath(new URL(`../../packages/${folder}/dist/index.js`, import.meta.url));
const [url, folder] = process.argv.slice(2);
const bench = {
  identity: { nothing: true },
  close: async () => undefined,
  work: async ({ request: { id } }) => ({
    answer: { id, status: "ok", cost: { trained: 1, inferred: 0, seconds: 0 } },
    trial: null,
  }),
};
if (url === undefined) {
  const { serveParent } = await import(at("executors"));
  await serveParent(async () => bench);
  process.exit();
}
const { serveRedis } = await import(at("executor-bullmq"));
await serveRedis({
  url,
  runs: folder,
  open: async () => bench,
  tell: () => undefined,
  hung: () => process.exit(1),
  signal: new AbortController().signal,
});
