import { test } from "vitest";
import { runCli, processIo } from "@regimen/cli";
import { host } from "../src/host.ts";
test("scratch", async () => {
  const dependencies = { ...host.manifest.dependencies } as Record<string, string>;
  delete dependencies["@regimen/backend-node"];
  const io = { ...processIo({ ...host, manifest: { ...host.manifest, dependencies } }, import.meta.url), cwd: process.env.CLI_CWD ?? "/tmp" };
  const { self: _, ...rest } = io;
  const code = await runCli(JSON.parse(process.env.CLI_ARGS!), rest);
  console.log("exit", code);
}, 600_000);
