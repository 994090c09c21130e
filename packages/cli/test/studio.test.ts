import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cli, temp } from "./fake.ts";

it("serves the runs of a folder until it is stopped, and tells a program where", async () => {
  const cwd = temp();
  mkdirSync(join(cwd, "runs"));
  // The command listens for Ctrl-C when it serves.
  const onInterrupt = (stop: () => void) => (setTimeout(stop, 20), () => undefined);
  const { code, out } = await cli(["studio", "--port", "0", "--json"], { cwd, onInterrupt });
  expect(code).toBe(0);
  const { url, port, runs } = JSON.parse(out);
  expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/#token=[\\w-]{32}$`));
  expect(runs).toBe(join(cwd, "runs"));
  await expect(fetch(`http://127.0.0.1:${port}/api/runs`)).rejects.toThrow();
});

it("says what to do without a folder, with no port, and with one that is taken", async () => {
  const cwd = temp();
  expect(await cli(["studio"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringMatching(/REG_RUN_MISSING.*--runs/),
  });
  expect(await cli(["studio", "--port", "70000"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("65535"),
  });
  mkdirSync(join(cwd, "runs"));
  const taken = createServer();
  const port = await new Promise<number>((listening) =>
    taken.listen(0, "127.0.0.1", () => listening((taken.address() as { port: number }).port)),
  );
  const answer = await cli(["studio", "--port", String(port)], { cwd });
  expect(answer).toMatchObject({ code: 2, err: expect.stringMatching(/REG_USAGE.*is taken.*--port/) });
  taken.close();
});
