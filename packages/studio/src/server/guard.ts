import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";

/** Scripts, styles and answers of this server alone; pictures also from within the data. */
const PAGE =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A report is a page of its own: it may run its script, and reach nothing, this server's token included. */
export const REPORT =
  "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = {
  "content-security-policy": PAGE,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * Lets in only who speaks to this machine under its own name (a foreign Host is DNS rebinding), from this server's own page
 * (a foreign Origin is another site), and, for what changes anything, who holds the token.
 */
export function guard(port: () => number, token: string): MiddlewareHandler {
  return async (c, next) => {
    const refusal = refusalOf(c, port(), token);
    if (refusal) c.res = c.json({ error: refusal }, 403);
    else await next();
    for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  };
}

function refusalOf(c: Context, port: number, token: string): string | null {
  const hosts = ["127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`);
  const host = c.req.header("host");
  if (host === undefined || !hosts.includes(host.toLowerCase()))
    return `the studio answers at 127.0.0.1:${port} only; open the address that it printed`;
  const origin = c.req.header("origin");
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`)
    return "another site's requests are not answered";
  // Following a link to the first page shows nothing to the site that holds the link.
  const link = c.req.header("sec-fetch-mode") === "navigate" && c.req.path === "/";
  if (!["same-origin", "none", undefined].includes(c.req.header("sec-fetch-site")) && !link)
    return "another site's requests are not answered";
  if (c.req.method === "GET" || c.req.method === "HEAD") return null;
  const [scheme, given = ""] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || !equal(given, token))
    return "this needs the token; open the address that regimen studio printed, with what follows the #";
  return null;
}

/** Takes as long for every wrong token. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
