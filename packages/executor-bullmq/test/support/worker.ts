// A worker in a process of its own, to be killed. Arguments: server, folder of the runs, engine, seconds of silence.
// It says what it begins; a request that is named for it hangs the first time it is begun anywhere.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serveRedis } from "@regimen/executor-bullmq";

const [url, runs, engine, silence] = process.argv.slice(2) as [string, string, string, string];
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

void serveRedis({
  url,
  runs,
  silence: Number(silence),
  signal: new AbortController().signal,
  tell: (code, what) => process.stdout.write(`${code ?? "note"} ${what}\n`),
  hung: (why) => {
    process.stdout.write(`hung ${why}\n`);
    process.exit(1);
  },
  open: async (folder) => ({
    identity: { engine, plugins: { a: "1" } },
    close: async () => undefined,
    async work({ request }) {
      const { id } = request;
      appendFileSync(join(folder, "begun.txt"), `${id}\n`);
      process.stdout.write(`begun ${id}\n`);
      const once = join(folder, `once-${id.replaceAll(" ", "-")}`);
      if (id.startsWith("hangs") && !existsSync(once)) {
        writeFileSync(once, "");
        if (id.endsWith("busily")) for (;;);
        await sleep(1_000_000);
      }
      await sleep(id.startsWith("long") ? 1500 : 20);
      return { answer: { id, status: "ok", cost: { trained: 100, inferred: 0, seconds: 0.02 } }, trial: null };
    },
  }),
}).catch((error: unknown) => {
  process.stdout.write(`failed ${(error as Error).message}\n`);
  process.exitCode = 1;
});
