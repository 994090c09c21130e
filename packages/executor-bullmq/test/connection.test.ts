import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { connectionOf, openDoors, probe, shownAddress } from "../src/connection.ts";
import { program, serverWith, skipped, type Server } from "./support/server.ts";

describe("an address", () => {
  it("says host, port, password, database and whether TLS", () => {
    expect(connectionOf("redis://:p%40ss@example.org:6400/2")).toMatchObject({
      host: "example.org",
      port: 6400,
      password: "p@ss",
      db: 2,
    });
    expect(connectionOf("redis://example.org").tls).toBeUndefined();
    expect(connectionOf("rediss://user:x@example.org")).toMatchObject({ port: 6379, username: "user", tls: {} });
    expect(connectionOf("valkeys://[::1]")).toMatchObject({ host: "::1", tls: {} });
    expect(shownAddress("redis://:secret@example.org")).toBe("redis://example.org");
  });
  it.each(["example.org:6379", "http://example.org", "nonsense", "redis://"])(
    "that is none is REG_USAGE, and is not repeated: %s",
    (address) => {
      expect(() => connectionOf(address)).toThrow(/REG_USAGE/);
    },
  );
});

describe("a door", () => {
  const doors = (address: string, bind: string, guarded = false) => openDoors(connectionOf(address), bind, guarded);
  it("stands open beyond loopback without a password, and without TLS", () => {
    expect(doors("redis://localhost", "127.0.0.1 -::1")).toEqual([]);
    expect(doors("redis://127.0.0.1", "0.0.0.0")).toEqual([expect.stringMatching(/password/)]);
    expect(doors("redis://127.0.0.1", "* -::*")).toEqual([expect.stringMatching(/password/)]);
    expect(doors("redis://127.0.0.1", "0.0.0.0", true)).toEqual([]);
    expect(doors("redis://10.0.0.5", "")).toEqual([expect.stringMatching(/password/), expect.stringMatching(/TLS/)]);
    expect(doors("redis://:x@10.0.0.5", "")).toEqual([expect.stringMatching(/TLS/)]);
    expect(doors("rediss://:x@10.0.0.5", "")).toEqual([]);
  });
});

describe.skipIf(!program)(`a server${skipped}`, () => {
  let server: Server | undefined;
  afterEach(() => server?.remove());

  it("with a password lets in who knows it", async () => {
    server = await serverWith(["--requirepass", "secret"]);
    await expect(probe(server.url)).rejects.toThrow(/REG_EXECUTOR/);
    await expect(probe(server.url.replace("//", "//:wrong@"))).rejects.toThrow(/REG_EXECUTOR/);
    expect(await probe(server.url.replace("//", "//:secret@"))).toEqual([]);
  });

  it("that listens everywhere without a password is warned of", async () => {
    server = await serverWith(["--bind", "0.0.0.0", "--protected-mode", "no"]);
    expect(await probe(server.url)).toEqual([expect.stringMatching(/takes anybody/)]);
  });

  const openssl = spawnSync("openssl", ["version"]).status === 0;
  it.skipIf(!openssl)(
    `by TLS must show a certificate that is trusted${openssl ? "" : " (skipped: openssl is not installed)"}`,
    async () => {
      const tls = await serverWith(["--requirepass", "secret"], true);
      server = tls;
      const address = `rediss://:secret@localhost:${tls.port}`;
      await expect(probe(address)).rejects.toThrow(/REG_EXECUTOR.*self-signed/);
      // The certificate is read when a process begins.
      const code = `import("ioredis").then(async ({ Redis }) => { const c = new Redis({ port: ${tls.port}, host: "localhost", password: "secret", tls: { servername: "localhost" } }); console.log(await c.ping()); c.disconnect(); })`;
      const trusting = spawnSync(process.execPath, ["-e", code], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: tls.ca },
        cwd: import.meta.dirname,
      });
      expect(String(trusting.stdout).trim()).toBe("PONG");
    },
  );
});
