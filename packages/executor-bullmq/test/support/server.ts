import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** The server's program, where there is one. */
export const program = ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
/** For a title: why these tests are skipped. */
export const skipped = program ? "" : " (skipped: neither valkey-server nor redis-server is installed)";

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

export type Server = {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  remove(): Promise<void>;
};

/** A server of one's own; nothing outlives a kill. `tls`: with a certificate made for it. */
export async function serverWith(
  flags: readonly string[] = [],
  tls = false,
  host = "127.0.0.1",
): Promise<Server & { readonly ca: string }> {
  const folder = mkdtempSync(join(tmpdir(), "regimen-redis-"));
  const port = await freePort();
  const [key, ca] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  if (tls)
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        ca,
      ],
      { stdio: "ignore" },
    );
  const doors = tls
    ? [
        "--port",
        "0",
        "--tls-port",
        `${port}`,
        "--tls-cert-file",
        ca,
        "--tls-key-file",
        key,
        "--tls-ca-cert-file",
        ca,
        "--tls-auth-clients",
        "no",
      ]
    : ["--port", `${port}`];
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(program!, [...doors, "--save", "", "--appendonly", "no", "--dir", folder, ...flags], {
      stdio: "ignore",
    });
    for (let tries = 0; tries < 100; tries++) {
      const client = new Redis({
        host,
        port,
        lazyConnect: true,
        enableReadyCheck: false,
        retryStrategy: () => null,
        ...(tls && { tls: { rejectUnauthorized: false } }),
      });
      client.on("error", () => undefined);
      const up = await client.connect().then(
        () => true,
        () => false,
      );
      client.disconnect();
      if (up) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the server did not start");
  };
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    if (child?.kill("SIGKILL")) await ended;
  };
  await start();
  const remove = async (): Promise<void> => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, port, ca, start, kill, remove };
}
