import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { Hono, type Context } from "hono";
import { streamSSE } from "hono/streaming";
import { DARK, LIGHT, renderReport, variables } from "@regimen/report";
import { compare } from "./compare.ts";
import { Refused, type Control } from "./control.ts";
import { REPORT, guard } from "./guard.ts";
import { Runs } from "./place.ts";
import { Run } from "./run.ts";
import { Watch } from "./watch.ts";

/** Milliseconds between two looks at the files, and between two signs of life to a page that listens. */
const [LOOK, ALIVE] = [400, 15_000];
/** Side by side there is no room for more. */
const MOST_COMPARED = 6;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export type AppOptions = {
  /** The folder of all runs. */ readonly runs: string;
  /** The page's files, as built. */ readonly client: string;
  readonly control: Control;
  /** For what changes anything. */ readonly token: string;
  /** Known once the server listens. */ readonly port: () => number;
};

/** All that the studio answers; whoever serves it binds to loopback. */
export function createApp({ runs: root, client, control, token, port }: AppOptions): Hono {
  const place = new Runs(root);
  const known = new Map<string, Run>();
  const runOf = (id: string): Run | null => {
    const folder = place.folder(id);
    if (folder === null) return null;
    const run = known.get(id) ?? new Run(id, folder);
    known.set(id, run);
    return run;
  };
  const all = (): Run[] => place.ids().flatMap((id) => runOf(id) ?? []);
  const watch = new Watch(() => new Map(all().map((run) => [run.id, run.version(control.own(run))])), LOOK);

  const app = new Hono();
  const missing = (c: Context) => c.json({ error: "there is no such run" }, 404);
  app.use(guard(port, token));
  app.onError((error, c) =>
    error instanceof Refused ? c.json({ error: error.message }, 409) : c.json({ error: error.message }, 500),
  );
  app.notFound((c) => c.json({ error: "there is no such page" }, 404));

  app.get("/api/runs", (c) => c.json(all().map((run) => run.card(control.own(run)))));
  app.get("/api/runs/:id", (c) => {
    const run = runOf(c.req.param("id"));
    return run ? c.json(run.details(control.own(run))) : missing(c);
  });
  app.get("/api/runs/:id/charts/:name", (c) => {
    const run = runOf(c.req.param("id"));
    const picture = run?.picture(c.req.param("name"));
    return picture ? c.json(picture) : c.json({ error: "this chart has nothing to show" }, 404);
  });
  app.get("/api/compare", (c) => {
    const ids = [...new Set(c.req.queries("run") ?? [])];
    const runs = ids.flatMap((id) => runOf(id) ?? []);
    if (runs.length < ids.length) return missing(c);
    if (runs.length < 2 || runs.length > MOST_COMPARED)
      return c.json({ error: `name 2 to ${MOST_COMPARED} runs` }, 400);
    return c.json(compare(runs));
  });
  app.post("/api/runs/:id/:what{stop|resume}", (c) => {
    const run = runOf(c.req.param("id"));
    if (!run) return missing(c);
    if (c.req.param("what") === "stop") control.stop(run);
    else control.resume(run);
    watch.look();
    return c.json(run.card(control.own(run)), 202);
  });
  app.get("/api/events", (c) =>
    streamSSE(c, async (stream) => {
      const unlisten = watch.listen(
        (change) => void stream.writeSSE({ event: "change", data: JSON.stringify(change) }),
      );
      stream.onAbort(unlisten);
      await stream.writeSSE({ event: "hello", data: "" });
      while (!stream.aborted) {
        await stream.sleep(ALIVE);
        await stream.writeSSE({ event: "alive", data: "" });
      }
    }),
  );
  app.get("/report/:id", (c) => {
    const report = runOf(c.req.param("id"))?.report();
    if (!report) return missing(c);
    return c.html(renderReport(report), 200, { "content-security-policy": REPORT });
  });

  app.get("/palette.css", (c) =>
    c.body(`:root{${variables(LIGHT)}}@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}`, 200, {
      "content-type": TYPES[".css"]!,
    }),
  );
  const files = pageFiles(client);
  app.get("*", (c) => {
    const file = files.get(c.req.path === "/" ? "/index.html" : c.req.path);
    return file ? c.body(file.body, 200, { "content-type": file.type }) : c.notFound();
  });
  return app;
}

/** Read once: a request only ever picks from these. */
function pageFiles(client: string): ReadonlyMap<string, { readonly type: string; readonly body: ArrayBuffer }> {
  const names = readdirSync(client, { recursive: true, encoding: "utf8" }).filter((name) => extname(name) in TYPES);
  return new Map(
    names.map((name) => {
      const body = Uint8Array.from(readFileSync(join(client, name))).buffer;
      return [`/${name.replaceAll("\\", "/")}`, { type: TYPES[extname(name)]!, body }];
    }),
  );
}
