import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { createApp } from "./server/app.ts";
import { Control } from "./server/control.ts";

export type StudioOptions = {
  /** The folder whose sub-folders are runs. */ readonly runs: string;
  /** 0: any that is free. */ readonly port: number;
  /** How `regimen` is called here, as a command and its first arguments; `resume` and the run's folder are added. */
  readonly command: readonly string[];
  /** Where that command is started. */ readonly cwd: string;
  /** The page's files; those that come with this package unless told. */ readonly client?: string;
};
export type Studio = {
  readonly port: number;
  /** With the token that stopping and resuming need, behind the #: browsers send that part nowhere. */ readonly url: string;
  close(): Promise<void>;
};

/** Serves the page on 127.0.0.1, to this machine alone. Errors: what listening throws, EADDRINUSE among it. */
export async function startStudio({ runs, port, command, cwd, client = CLIENT }: StudioOptions): Promise<Studio> {
  if (!existsSync(client)) throw new Error(`${client} is missing; build the studio first: node scripts/build.mjs`);
  const token = randomBytes(24).toString("base64url");
  let listening = port;
  const app = createApp({ runs, client, control: new Control(command, cwd), token, port: () => listening });
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (address) => {
      listening = address.port;
      resolve({
        port: listening,
        url: `http://127.0.0.1:${listening}/#token=${token}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            // Pages that listen would keep it open for ever.
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.on("error", reject);
  });
}

const CLIENT = fileURLToPath(new URL("./client/", import.meta.url));
export type { Card, Compared, Details, RunState } from "./view.ts";
