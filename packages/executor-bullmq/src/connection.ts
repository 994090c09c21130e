import { RegimenError } from "@regimen/contracts";
import type { RedisOptions } from "bullmq";
import { Redis } from "ioredis";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;
/** Seconds that a server may take to answer at first. */
const PATIENCE = 10;

/** `redis://[:password@]host[:port][/db]`, or `rediss://` for TLS. Errors: REG_USAGE. */
export function connectionOf(address: string): RedisOptions & { host: string } {
  let url: URL;
  try {
    url = new URL(address);
    if (!["redis:", "rediss:", "valkey:", "valkeys:"].includes(url.protocol) || !url.hostname)
      throw new Error("no such protocol");
  } catch {
    throw new RegimenError(
      "REG_USAGE",
      "got an address that is none of a Redis or Valkey server; expected redis://:PASSWORD@HOST:PORT, or rediss://… for TLS",
    );
  }
  const { hostname: host, port, username, password, pathname } = url;
  const db = Number(pathname.slice(1) || 0);
  return {
    host: host.replace(/^\[|\]$/g, ""),
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(db > 0 && { db }),
    ...(isSafe(url.protocol) && { tls: { servername: host } }),
    // A server that is started again is waited for.
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(2000, 100 * times),
  };
}
const isSafe = (protocol: string): boolean => protocol === "rediss:" || protocol === "valkeys:";
/** Without the password. */
export const shownAddress = (address: string): string => address.replace(/\/\/[^@/]*@/, "//");

/**
 * Whether the server answers, and what of its doors stands open, in words. Errors: REG_USAGE; REG_EXECUTOR where it cannot be
 * reached, or does not let us in.
 */
export async function probe(address: string): Promise<readonly string[]> {
  const options = connectionOf(address);
  const client = new Redis({
    ...options,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
    connectTimeout: 1000 * PATIENCE,
  });
  let why = "";
  client.on("error", (error: Error) => (why = error.message));
  try {
    await client.connect();
    await client.ping();
    // A server may keep its settings to itself.
    const says = async (setting: string): Promise<string> =>
      ((await client.call("CONFIG", "GET", setting).catch(() => [])) as string[])[1] ?? "";
    const guarded = (await says("requirepass")) !== "" || (await says("protected-mode")) === "yes";
    return openDoors(options, await says("bind"), guarded);
  } catch (cause) {
    throw new RegimenError(
      "REG_EXECUTOR",
      `${shownAddress(address)} cannot be used: ${why || (cause as Error).message}; start it, or name another with --redis`,
      { cause },
    );
  } finally {
    client.disconnect();
  }
}

/**
 * `bind`: the addresses at which the server says that it listens, empty where it does not. `guarded`: from elsewhere it takes
 * nobody without a password.
 */
export function openDoors(
  { host, password, tls }: RedisOptions & { host: string },
  bind: string,
  guarded: boolean,
): string[] {
  const near = LOOPBACK.test(host);
  const elsewhere = bind
    .split(/\s+/)
    .map((one) => one.replace(/^-/, ""))
    .filter(Boolean);
  const wide = elsewhere.some((one) => !LOOPBACK.test(one));
  const doors: string[] = [];
  if ((!near && !password) || (near && wide && !password && !guarded))
    doors.push("the server takes anybody who can reach it: give it a password (requirepass)");
  if (!near && !tls)
    doors.push("what is said to the server can be read and changed on the way, the password too: use TLS (rediss://)");
  return doors;
}
