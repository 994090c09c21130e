// A registry of npm's for one check, on loopback: it takes what is published to it, and serves that and every other package as it
// lies in this workspace's node_modules, so that nothing comes from anywhere else.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { root } from "./packages.mjs";

/** Installed packages by name: the folders of their versions. */
function installed() {
  const store = join(root, "node_modules", ".pnpm");
  const found = new Map();
  for (const entry of readdirSync(store)) {
    const modules = join(store, entry, "node_modules");
    // @scope+name@1.2.3_peers, or name@1.2.3
    const name = /^(@?[^@]+)@/.exec(entry)?.[1].replace("+", "/");
    const folder = name && join(modules, name);
    if (!folder || !existsSync(join(folder, "package.json"))) continue;
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (manifest.name !== name) continue;
    found.set(name, (found.get(name) ?? new Map()).set(manifest.version, { folder, manifest }));
  }
  return found;
}

/** `url`: of the registry; `close` ends it. */
export async function startRegistry() {
  const others = installed();
  /** What was published: its document, and the bytes of each version. */
  const own = new Map();
  const packed = new Map();

  const tarballOf = (name, version) => {
    const published = own.get(name)?.tarballs.get(version);
    if (published) return published;
    const folder = others.get(name)?.get(version)?.folder;
    if (!folder) return undefined;
    // npm takes away the first folder, whatever its name, and leaves out hard links, which pnpm makes of equal files.
    const key = `${name}@${version}`;
    const args = ["--hard-dereference", "-czf", "-", "-C", dirname(folder), basename(folder)];
    if (!packed.has(key)) packed.set(key, execFileSync("tar", args, { maxBuffer: 2 ** 30 }));
    return packed.get(key);
  };
  const documentOf = (name, url) => {
    const published = own.get(name)?.document;
    const versions =
      published?.versions ??
      Object.fromEntries([...(others.get(name) ?? [])].map(([v, { manifest }]) => [v, manifest]));
    const all = Object.keys(versions);
    if (!all.length) return undefined;
    const served = Object.entries(versions).map(([version, manifest]) => {
      const tarball = `${url}/-/tarball/${encodeURIComponent(name)}/${version}`;
      return [version, { ...manifest, dist: { tarball } }];
    });
    const newest = all.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
    return { name, "dist-tags": { latest: newest }, versions: Object.fromEntries(served) };
  };

  const server = createServer((request, response) => {
    const url = `http://${request.headers.host}`;
    const parts = request.url.split("?")[0].split("/").filter(Boolean).map(decodeURIComponent);
    const json = (status, value) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (request.method === "PUT") {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const document = JSON.parse(Buffer.concat(chunks).toString());
        const [version] = Object.keys(document.versions);
        const [attachment] = Object.values(document._attachments);
        const tarballs = new Map([[version, Buffer.from(attachment.data, "base64")]]);
        own.set(document.name, { document, tarballs });
        json(201, { ok: true });
      });
      return;
    }
    if (parts[0] === "-" && parts[1] === "tarball") {
      const bytes = tarballOf(parts[2], parts[3]);
      if (bytes) response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes);
      else json(404, { error: "not found" });
      return;
    }
    const document = documentOf(parts.join("/"), url);
    json(document ? 200 : 404, document ?? { error: "not found" });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
