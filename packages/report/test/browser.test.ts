import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../src/index.ts";
import { fixture } from "./fixture.ts";
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

  const reports = {
    full: fixture(),
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
});
