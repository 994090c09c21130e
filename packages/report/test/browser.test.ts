import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "@regimen/core";
import { policyTrace } from "../src/charts/policy.ts";
import { renderReport } from "../src/index.ts";
import { fixture } from "./fixture.ts";
import { graded, several } from "./graded.ts";
import { variants } from "./variants.ts";

/** A Chromium of this machine; without one, these tests are passed over. */
const browserPath = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((file) => existsSync(file));

/** Runs in the page: what is drawn outside its picture, over another text, or wider than the window. */
function faultsOfLayout(): string[] {
  const faults: string[] = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`the page is ${wide} pixels too wide`);
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    if (frame.width === 0) continue;
    const texts = [...svg.querySelectorAll("text")].map((t) => ({
      words: t.textContent,
      at: t.getBoundingClientRect(),
      turned: /rotate|matrix/.test(t.getAttribute("transform") ?? ""),
    }));
    for (const [i, { words, at, turned }] of texts.entries()) {
      const out = Math.max(frame.left - at.left, at.right - frame.right, frame.top - at.top, at.bottom - frame.bottom);
      if (out > 4) faults.push(`"${words}" is ${out.toFixed(0)} pixels outside its picture`);
      for (const other of texts.slice(i + 1)) {
        const across = Math.min(at.right, other.at.right) - Math.max(at.left, other.at.left);
        const down = Math.min(at.bottom, other.at.bottom) - Math.max(at.top, other.at.top);
        if (!turned && !other.turned && across > 1 && down > 3.5) faults.push(`"${words}" lies on "${other.words}"`);
      }
    }
  }
  // What a cell holds may be scrolled to in its table, but does not reach into the next cell.
  for (const cell of document.querySelectorAll("td, th")) {
    const { right, width } = cell.getBoundingClientRect();
    for (const inner of width ? cell.querySelectorAll("*") : []) {
      const over = inner.getBoundingClientRect().right - right;
      if (over > 2) faults.push(`"${inner.textContent.slice(0, 40)}" is ${over.toFixed(0)} pixels outside its cell`);
    }
  }
  return faults;
}

describe.skipIf(browserPath === undefined)("in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "regimen-report-"));
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const wordy = (report: Report): Report => ({
    ...report,
    policy: {
      ...report.policy,
      steps: report.policy.steps.map((step) => ({
        ...step,
        with: { ...step.with, table: "shear-y:0.111 translate-x:0.111 brightness:0.222 | ".repeat(5) },
      })),
    },
  });
  const reports = {
    full: fixture(),
    "a step with a table": wordy(fixture()),
    "graded answers": graded(),
    "several labels": several(),
    "many classes that are graded, with long names": graded(
      "worse",
      Array.from({ length: 30 }, (_, i) => `a class of objects with a long name, number ${i}`),
    ),
    "two classes that are graded": graded("no-difference", ["background", "nucleus"]),
    "no baseline": variants()["no baseline"]!.report,
    "two classes with long names": fixture({
      classes: ["<good>", "a class with a very long name that goes on and on"],
      trials: 1,
    }),
    "ten classes, ten thousand images": fixture({
      classes: [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
      ],
      images: 10_000,
      trials: 14,
    }),
    "a hundred classes, forty trials": fixture({
      classes: Array.from({ length: 100 }, (_, i) => `number ${i} of a hundred classes`),
      images: 4000,
      trials: 40,
    }),
  };
  for (const [name, report] of Object.entries(reports)) {
    it(`${name}: everything is in its place, and nothing is asked of the network`, async () => {
      const file = join(folder, `${name.replaceAll(" ", "-")}.html`);
      writeFileSync(file, renderReport(report));
      const page = await browser.newPage({ colorScheme: "dark" });
      const asked: string[] = [];
      const said: string[] = [];
      page.on("request", (r) => asked.push(r.url()));
      page.on("console", (m) => said.push(m.text()));
      for (const width of [360, 390, 820, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(pathToFileURL(file).href);
        expect(await page.evaluate(faultsOfLayout), `${width} pixels wide`).toEqual([]);
      }
      expect(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
      expect(said).toEqual([]);
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(21, 23, 26)");
      await page.close();
    });
  }

  it("tells which trial the pointer is at, and keeps those that pass where an axis is marked", async () => {
    const report = fixture();
    const file = join(folder, "pointer.html");
    writeFileSync(file, renderReport(report));
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const said: string[] = [];
    page.on("console", (m) => said.push(m.text()));
    await page.goto(pathToFileURL(file).href);
    const told = page.locator(".told span");
    expect(await told.textContent()).toMatch(/^Point at a line/);
    const trace = policyTrace(report)!;
    const { at, ends, width } = trace.frames.find((frame) => frame.width === 1000)!;
    const svg = page.locator("#policy .w1000 svg");
    await svg.scrollIntoViewIfNeeded();
    const frame = (await svg.boundingBox())!;
    const place = (axis: number, q: number) =>
      [
        frame.x + (at[axis]! * frame.width) / width,
        frame.y + ((ends[0] + q * (ends[1] - ends[0])) * frame.width) / width,
      ] as const;

    const chosen = trace.trials.find((trial) => trial.chosen)!;
    await page.mouse.move(...place(at.length - 1, chosen.at.at(-1)!));
    expect(await told.textContent()).toContain(`${chosen.name}, chosen: validation loss ${chosen.score}`);

    const axis = trace.axes.indexOf("mixup (m)");
    const [x, low] = place(axis, 0.2);
    await page.mouse.move(x, low);
    await page.mouse.down();
    await page.mouse.move(x, place(axis, 0.5)[1], { steps: 4 });
    await page.mouse.up();
    await page.mouse.move(frame.x + 2, frame.y + 2);
    const inside = trace.trials.filter(({ at: q }) => q[axis] !== null && q[axis]! >= 0.195 && q[axis]! <= 0.505);
    expect(inside.length).toBeGreaterThan(0);
    expect(await told.textContent()).toBe(
      `${inside.length} of ${trace.trials.length} trials go through what you marked.`,
    );
    // The chosen trial is drawn already.
    expect(await page.locator("#policy .w1000 .kept").count()).toBe(inside.filter((trial) => !trial.chosen).length);
    await page.getByRole("button", { name: "Show all trials" }).click();
    expect(await page.locator("#policy .kept").count()).toBe(0);
    expect(said).toEqual([]);
    await page.close();
  });

  it("says the same without scripts", async () => {
    const file = join(folder, "plain.html");
    writeFileSync(file, renderReport(fixture()));
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator(".told").count()).toBe(0);
    expect(await page.locator("#policy svg").count()).toBe(3);
    await context.close();
  });

  it("axe finds nothing, light and dark, wide and narrow", async () => {
    const file = join(folder, "axe.html");
    // The page's policy keeps any other script out, axe too.
    for (const [colorScheme, width, report] of [
      ["light", 1280, fixture({ trials: 5 })],
      ["dark", 390, fixture({ trials: 5 })],
      ["dark", 1280, graded()],
      ["light", 390, several()],
    ] as const) {
      writeFileSync(file, renderReport(report));
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(pathToFileURL(file).href);
      await page.addScriptTag({ content: axe.source });
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      await context.close();
    }
  });

  it("another script does not run, whatever name it came in by", async () => {
    const file = join(folder, "hostile.html");
    const evil = `</script><script>document.title="gone"</script><img src=x onerror="document.title='gone'">`;
    const report = fixture({ classes: [evil, "other"], trials: 3 });
    const trials = report.search.trials.map((t) => ({ ...t, name: evil + t.name }));
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    // Put into the file as it stands, past all escaping: the policy alone is between it and the page.
    const raw = renderReport({ ...report, search: { ...report.search, trials } }).replace("</main>", `${evil}</main>`);
    writeFileSync(file, raw);
    await page.goto(pathToFileURL(file).href);
    expect(await page.title()).not.toBe("gone");
    expect(await page.locator(".told span").textContent()).toMatch(/^Point at a line/);
    await page.close();
  });

  it("prints on A4, every page of it", async () => {
    const file = join(folder, "print.html");
    writeFileSync(file, renderReport(fixture()));
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const sizes = [...pdf.toString("latin1").matchAll(/\/MediaBox\s*\[([^\]]*)\]/g)].map(([, box]) => box!.trim());
    expect(sizes.length).toBeGreaterThan(4);
    expect(
      new Set(
        sizes.map((box) =>
          box
            .split(/\s+/)
            .map((v) => Math.round(Number(v)))
            .join(" "),
        ),
      ),
    ).toEqual(new Set(["0 0 595 842"]));
    await page.close();
  });
});
