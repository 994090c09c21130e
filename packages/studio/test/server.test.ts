import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startStudio, type Card, type Compared, type Details, type Studio } from "@regimen/studio";
import { fixture } from "../../report/test/fixture.ts";
import { graded } from "../../report/test/graded.ts";
import { addEntry, addEpoch, addTrials, begin, finish, setStatus } from "./runs.ts";

let home: string;
let runs: string;
let studio: Studio;
let token: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "regimen-studio-"));
  runs = join(home, "runs");
  const client = join(home, "client");
  for (const folder of [runs, client]) mkdirSync(folder);
  writeFileSync(join(client, "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(client, "secret.txt"), "no page file");
  writeFileSync(join(home, "outside.json"), JSON.stringify({ secret: "outside" }));
  studio = await startStudio({ runs, port: 0, command: [], cwd: home, client });
  token = studio.url.split("#token=")[1]!;
});
afterEach(async () => {
  await studio.close();
  rmSync(home, { recursive: true, force: true });
});

type Answer = { status: number; type: string; headers: Record<string, unknown>; text: string };
/** As a client that follows no rules: any path, any header, nothing normalised. */
const ask = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const host = `127.0.0.1:${studio.port}`;
    const asked = httpRequest(
      { host: "127.0.0.1", port: studio.port, path, method, headers: { host, ...headers }, setHost: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("end", () =>
          resolve({
            status: response.statusCode!,
            type: response.headers["content-type"] ?? "",
            headers: response.headers,
            text,
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end();
  });
const json = async <T>(path: string): Promise<T> => JSON.parse((await ask(path)).text) as T;
const cards = () => json<Card[]>("/api/runs");

describe("who may ask", () => {
  it("is whoever speaks to this machine under its own name", async () => {
    for (const name of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
      expect((await ask("/api/runs", { host: `${name}:${studio.port}` })).status).toBe(200);
    for (const host of [
      "evil.example",
      `evil.example:${studio.port}`,
      "127.0.0.1",
      `127.0.0.1:${studio.port + 1}`,
      `127.0.0.1.evil.example:${studio.port}`,
      "",
    ]) {
      const { status, text, headers } = await ask("/api/runs", { host });
      expect([host, status]).toEqual([host, 403]);
      expect(text).not.toContain("[");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
  });

  it("is no other site: neither by Origin nor by what the browser says of the request", async () => {
    const own = `http://127.0.0.1:${studio.port}`;
    expect((await ask("/api/runs", { origin: own })).status).toBe(200);
    for (const origin of [
      "http://evil.example",
      "null",
      `https://127.0.0.1:${studio.port}`,
      `${own}.evil.example`,
      "http://localhost",
    ])
      expect([origin, (await ask("/api/runs", { origin })).status]).toEqual([origin, 403]);
    expect((await ask("/api/runs", { "sec-fetch-site": "same-origin" })).status).toBe(200);
    for (const site of ["cross-site", "same-site"])
      expect((await ask("/api/runs", { "sec-fetch-site": site })).status).toBe(403);
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await ask("/", link)).status).toBe(200);
    expect((await ask("/report/a", link)).status).toBe(403);
  });

  it("listens on loopback alone", () => expect(studio.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/));

  it("needs the token, in the header alone, for what changes anything", async () => {
    begin(join(runs, "a"));
    const post = (headers: Record<string, string>, path = "/api/runs/a/resume") => ask(path, headers, "POST");
    for (const authorization of ["", "Bearer", "Bearer x", `Basic ${token}`, `Bearer ${token}x`, `bearer ${token}`])
      expect([authorization, (await post({ authorization })).status]).toEqual([authorization, 403]);
    expect((await post({}, `/api/runs/a/resume?token=${token}`)).status).toBe(403);
    expect((await post({ authorization: `Bearer ${token}`, origin: "http://evil.example" })).status).toBe(403);
    // Let in, and refused for another reason: this studio has no command.
    expect((await post({ authorization: `Bearer ${token}` })).status).toBe(409);
    expect((await ask("/api/runs/a/resume")).status).toBe(404);
    expect((await ask("/api/runs/a/delete", { authorization: `Bearer ${token}` }, "POST")).status).toBe(404);
  });
});

describe("where a request may lead", () => {
  const hostile = [
    "..",
    "../runs/a",
    "a/../../outside.json",
    "a%00",
    "%00",
    "a/..",
    "..\\a",
    ".",
    "",
    "a/run.json",
    "\u202ea",
    "a\n",
  ];

  it("is a run's folder and nothing else", async () => {
    begin(join(runs, "a"));
    for (const name of hostile) {
      const id = encodeURIComponent(decodeURIComponent(name));
      for (const path of [
        `/api/runs/${id}`,
        `/report/${id}`,
        `/api/runs/${id}/charts/policy`,
        `/api/compare?run=a&run=${id}`,
      ]) {
        const { status, text } = await ask(path);
        // Dots and an empty name make another address, as in every browser: the page's or the list's.
        const same = new URL(path, studio.url).pathname === path.split("?")[0] && id !== "";
        if (same) expect([path, status >= 400]).toEqual([path, true]);
        expect(text).not.toContain("outside");
      }
    }
    for (const path of [
      "/../outside.json",
      "/%2e%2e/outside.json",
      "/..%2foutside.json",
      "/assets/../../outside.json",
      "/secret.txt",
      "//etc/passwd",
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });

  it("follows no link out of the folder: not a run's, not a file's, not a folder's within a run", async () => {
    mkdirSync(join(home, "elsewhere"));
    begin(join(home, "elsewhere"));
    symlinkSync(join(home, "elsewhere"), join(runs, "linked"));
    begin(join(runs, "a"));
    rmSync(join(runs, "a", "run.json"));
    symlinkSync(join(home, "elsewhere", "run.json"), join(runs, "a", "run.json"));
    begin(join(runs, "b"));
    symlinkSync(join(home, "outside.json"), join(runs, "b", "report.json"));
    addEpoch(join(home, "elsewhere"), "baseline", 1, 0.5);
    symlinkSync(join(home, "elsewhere", "events"), join(runs, "b", "events"));
    const found = await cards();
    expect(found.map(({ id, state }) => [id, state])).toEqual([
      ["a", "broken"],
      ["b", "stopped"],
    ]);
    expect((await ask("/api/runs/linked")).status).toBe(404);
    expect((await ask("/report/b")).status).toBe(404);
    expect((await json<Details>("/api/runs/b")).charts).toEqual({});
  });

  it("writes its log through no link either", async () => {
    begin(join(runs, "a"));
    symlinkSync(join(home, "outside.json"), join(runs, "a", "studio.log"));
    const client = join(home, "client");
    const other = await startStudio({ runs, port: 0, command: [process.execPath, "-e", ""], cwd: home, client });
    try {
      const response = await fetch(`http://127.0.0.1:${other.port}/api/runs/a/resume`, {
        method: "POST",
        headers: { authorization: `Bearer ${other.url.split("=")[1]}` },
      });
      expect(response.status).toBe(500);
      expect(readFileSync(join(home, "outside.json"), "utf8")).toBe(JSON.stringify({ secret: "outside" }));
    } finally {
      await other.close();
    }
  });
});

describe("what is answered", () => {
  it("is told as what it is, and may not be taken for anything else", async () => {
    finish(join(runs, "a"), fixture());
    const types = {
      "/": "text/html; charset=utf-8",
      "/palette.css": "text/css; charset=utf-8",
      "/api/runs": "application/json",
      "/api/runs/a": "application/json",
      "/api/runs/a/charts/policy": "application/json",
      "/api/runs/none": "application/json",
      "/report/a": "text/html; charset=UTF-8",
    };
    for (const [path, type] of Object.entries(types)) {
      const { headers, type: told } = await ask(path);
      expect([path, told]).toEqual([path, type]);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["cache-control"]).toBe("no-store");
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
    }
    expect((await ask("/")).headers["content-security-policy"]).not.toContain("unsafe");
    // A report's own script runs where neither the token nor this server is in reach.
    const { headers } = await ask("/report/a");
    expect(headers["content-security-policy"]).toMatch(/^sandbox allow-scripts;/);
    expect(headers["content-security-policy"]).not.toMatch(/allow-same-origin|connect-src/);
  });

  it("has markup in names escaped wherever it is HTML or a picture", async () => {
    const evil = `<img src=x onerror="alert(1)">&'`;
    finish(join(runs, evil.replaceAll("/", "")), fixture({ classes: [evil, "b", "c"] }));
    const [card] = await cards();
    const id = encodeURIComponent(card!.id);
    const page = await ask(`/report/${id}`);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain("<img src=x");
    for (const name of Object.keys((await json<Details>(`/api/runs/${id}`)).charts)) {
      const { svg } = await json<{ svg: Record<string, string> }>(`/api/runs/${id}/charts/${name}`);
      for (const picture of Object.values(svg)) expect(picture).not.toMatch(/<img|<script|onerror="/);
    }
  });

  it("is an error card for every folder that is broken, and the others beside it", async () => {
    const cases: Record<string, (folder: string) => void> = {
      "journal-only": (folder) => writeFileSync(join(folder, "journal.jsonl"), '{"kind":"tri'),
      "half-record": (folder) => writeFileSync(join(folder, "run.json"), '{"format":1,"jo'),
      "null-record": (folder) => writeFileSync(join(folder, "run.json"), "null"),
      "list-record": (folder) => writeFileSync(join(folder, "run.json"), "[1]"),
      "binary-record": (folder) => writeFileSync(join(folder, "run.json"), Buffer.of(0, 255, 254, 0)),
      "folder-record": (folder) => mkdirSync(join(folder, "run.json")),
      "half-report": (folder) => (begin(folder), writeFileSync(join(folder, "report.json"), '{"format":1,')),
      "empty-report": (folder) => (begin(folder), writeFileSync(join(folder, "report.json"), "{}")),
      "damaged-journal": (folder) => (begin(folder), writeFileSync(join(folder, "journal.jsonl"), "what?\n")),
      "wrong-trial": (folder) => (begin(folder), addEntry(folder, "trial", "1", { name: 5 })),
    };
    for (const [name, make] of Object.entries(cases)) {
      mkdirSync(join(runs, name));
      make(join(runs, name));
    }
    begin(join(runs, "whole"));
    mkdirSync(join(runs, "no-run"));
    const found = await cards();
    expect(found.map(({ id }) => id)).toEqual([...Object.keys(cases), "whole"].sort());
    for (const { id, state, why } of found) {
      expect([id, state]).toEqual([id, id === "whole" ? "stopped" : "broken"]);
      if (id !== "whole") expect([id, why]).toEqual([id, expect.stringMatching(/(run|report)\.json|journal\.jsonl/)]);
      expect((await json<Details>(`/api/runs/${id}`)).card.state).toBe(state);
      expect((await ask(`/report/${id}`)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it("leaves a last line that is not whole yet for later, and never touches the file", async () => {
    begin(join(runs, "a"));
    addTrials(join(runs, "a"), 0, 2);
    const file = join(runs, "a", "journal.jsonl");
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.slice(0, -40));
    expect((await cards())[0]).toMatchObject({ state: "stopped", trials: 1 });
    expect(readFileSync(file, "utf8")).toBe(whole.slice(0, -40));
    writeFileSync(file, whole);
    expect((await cards())[0]).toMatchObject({ trials: 2 });
    writeFileSync(file, "");
    expect((await cards())[0]).toMatchObject({ trials: 0 });
  });
});

describe("a run's state", () => {
  const stateOf = async (more: Parameters<typeof setStatus>[1]) => {
    begin(join(runs, "a"));
    setStatus(join(runs, "a"), more);
    return (await cards())[0]!;
  };
  it("is running while its process is", async () => {
    const card = await stateOf({});
    expect(card).toMatchObject({ state: "running", can: { stop: true, resume: false } });
    expect(card.progress).toEqual({
      stage: "search",
      message: "searching with random",
      share: 0.25,
      imagesPerSecond: 250,
      secondsLeft: 95,
    });
  });
  it("is stopped where its process is gone, or another program has its number", async () => {
    const gone = await stateOf({ pid: 2 ** 22 + 17 });
    expect(gone).toMatchObject({ state: "stopped", can: { stop: false, resume: true } });
    expect(gone.why).toContain("ended without a word");
    if (process.platform === "linux")
      expect(await stateOf({ at: "2020-01-01T00:00:00.000Z" })).toMatchObject({
        state: "stopped",
        can: { stop: false },
      });
    for (const pid of [0, -1, 1, 1.5])
      expect(await stateOf({ pid })).toMatchObject({ state: "stopped", can: { stop: false } });
  });
  it("is another machine's to stop", async () => {
    expect(await stateOf({ host: "elsewhere" })).toMatchObject({
      state: "running",
      can: { stop: false, resume: false },
    });
    expect(await stateOf({ host: "elsewhere", at: "2020-01-01T00:00:00.000Z" })).toMatchObject({ state: "stopped" });
  });
  it("is failed with the error's words, stopped, or finished by its journal", async () => {
    expect(await stateOf({ state: "failed", why: "no memory" })).toMatchObject({ state: "failed", why: "no memory" });
    expect(await stateOf({ state: "stopped" })).toMatchObject({ state: "stopped", why: null });
    addEntry(join(runs, "a"), "done", "run", true);
    expect((await cards())[0]).toMatchObject({ state: "finished", can: { resume: false } });
  });
  it("of a run from code cannot be resumed here, and its program is not ours to stop", async () => {
    begin(join(runs, "a"), { config: null });
    expect((await cards())[0]).toMatchObject({ state: "stopped", can: { resume: false } });
    setStatus(join(runs, "a"));
    expect((await cards())[0]).toMatchObject({ state: "running", can: { stop: false } });
  });
});

describe("a search that goes on", () => {
  it("has the axes and trials that its report will have, and curves of what is trained now", async () => {
    const folder = join(runs, "a");
    begin(folder);
    addTrials(folder, 0, 3);
    setStatus(folder);
    addEpoch(folder, "baseline", 1, 0.9);
    addEpoch(folder, "trial/3", 1, 0.8);
    const { axes, trials, charts } = await json<Details>("/api/runs/a");
    expect(axes.map(({ label }) => label)).toEqual([
      "learningRate",
      "mixup (m)",
      "mixup (rr)",
      "label-smoothing (m)",
      "dropout (m)",
    ]);
    expect(trials.map(({ name, status }) => [name, status])).toEqual([
      ["trial-number-0", "optimal"],
      ["trial-number-1", "rejected"],
      ["trial-number-2", "rejected"],
    ]);
    expect(trials[1]!.values["@regimen/technique-mixup/alpha"]).toBe(0.37);
    expect(Object.keys(charts)).toEqual(["policy", "curves"]);
    const curves = await json<{ label: string }>("/api/runs/a/charts/curves");
    expect(curves.label).toMatch(/baseline.*the 4\stria/);
  });

  it("is drawn again for a new trial or epoch, not for mere progress", async () => {
    const folder = join(runs, "a");
    const versions = async () => {
      const { policy, curves } = (await json<Details>("/api/runs/a")).charts;
      return [policy, curves];
    };
    begin(folder);
    addTrials(folder, 0, 3);
    setStatus(folder);
    addEpoch(folder, "trial/3", 1, 0.8);
    const [policy, curves] = await versions();
    setStatus(folder, { secondsLeft: 1 });
    expect(await versions()).toEqual([policy, curves]);
    addEpoch(folder, "trial/3", 2, 0.7);
    const later = await versions();
    expect(later[0]).toBe(policy);
    expect(later[1]).not.toBe(curves);
    addTrials(folder, 3, 4);
    expect((await versions())[0]).not.toBe(policy);
  });
});

describe("runs side by side", () => {
  const answers = (folder: string, wrong: readonly number[]) =>
    writeFileSync(
      join(folder, "predictions.csv"),
      `id,label,predicted,p_a\n${Array.from({ length: 100 }, (_, i) => `"i,${i}",a,${wrong.includes(i) ? "b" : "a"},0.5`).join("\n")}\n`,
    );
  it("are paired on the same test images", async () => {
    for (const id of ["a", "b"]) finish(join(runs, id), fixture());
    answers(join(runs, "a"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    answers(join(runs, "b"), [10, 11]);
    const { paired, cautions } = await json<Compared>("/api/compare?run=a&run=b");
    expect(paired).toHaveLength(1);
    expect(paired[0]).toMatchObject({ id: "b", images: 100, fixed: 9, broken: 1 });
    // Exact McNemar: 2 · P(at most 1 of 10 fair tosses).
    expect(paired[0]!.p).toBeCloseTo((2 * 11) / 1024, 9);
    expect(cautions).toEqual([]);
  });
  it("are not paired, and it is said, where the images differ", async () => {
    for (const id of ["a", "b"]) finish(join(runs, id), fixture());
    answers(join(runs, "a"), [1]);
    writeFileSync(join(runs, "b", "predictions.csv"), "id,label,predicted,p_a\nother,a,a,0.5\n");
    const { paired, cautions } = await json<Compared>("/api/compare?run=a&run=b");
    expect(paired).toEqual([]);
    expect(cautions.join()).toContain("test images differ");
  });
  it("are two to six, broken ones included", async () => {
    for (const id of ["a", "b"]) finish(join(runs, id), fixture());
    writeFileSync(join(runs, "b", "report.json"), "{");
    expect((await json<Compared>("/api/compare?run=a&run=b")).runs.map(({ card }) => card.state)).toEqual([
      "finished",
      "broken",
    ]);
    for (const query of ["", "?run=a", "?run=a&run=a"]) expect((await ask(`/api/compare${query}`)).status).toBe(400);
    expect((await ask("/api/compare?run=a&run=none")).status).toBe(404);
  });
});

describe("a task whose answers are graded", () => {
  it("has its words, what it measures with a chart each, and its worst images", async () => {
    const report = graded();
    finish(join(runs, "a"), report);
    const details = await json<Details>("/api/runs/a");
    expect(details.terms!.unit).toBe("object");
    expect(details.measures).toEqual(report.measures);
    expect(details.worst).toHaveLength(30);
    expect(details.overlays!.columns).toEqual(["image", "truth", "baseline", "Regimen"]);
    expect(details.exhibits.map(({ chart }) => chart)).toEqual(["measured-1", "measured-2", "measured-3"]);
    for (const { chart } of details.exhibits) {
      expect(details.charts).toHaveProperty(chart);
      expect((await ask(`/api/runs/a/charts/${chart}`)).text).toContain("<svg");
    }
    expect(details.charts).not.toHaveProperty("calibration");
    expect((await ask("/api/runs/a/charts/measured-4")).status).toBe(404);
    expect(details.card.answer!.headline).toContain("error");
  });
  it("of a run of an earlier version there is nothing to say", async () => {
    const { terms: _, exhibits: __, measures: ___, worst: ____, overlays: _____, ...earlier } = fixture();
    finish(join(runs, "a"), earlier as never);
    expect(await json<Details>("/api/runs/a")).toMatchObject({ exhibits: [], terms: null, worst: null, measures: [] });
  });
});
