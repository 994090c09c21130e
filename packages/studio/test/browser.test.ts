import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startStudio, type Studio } from "@regimen/studio";
import type { Picture } from "../src/view.ts";
import { fixture } from "../../report/test/fixture.ts";
import { graded, several } from "../../report/test/graded.ts";
import { browserPath, buildPage } from "./page.ts";
import { addEpoch, addTrials, begin, finish, setStatus } from "./runs.ts";

/** Takes up a run, adds a trial's line, and saves when it is asked to stop. */
const FAKE = `
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
const folder = process.argv[3];
const tell = (state) => {
  const at = new Date().toISOString();
  writeFileSync(join(folder, "status.json"), JSON.stringify({ format: 1, state, why: null, pid: process.pid, host: hostname(),
    at, since: at, stage: { name: "search", message: "searching with random" }, training: null, secondsLeft: 42 }));
};
tell("running");
process.on("SIGINT", () => { tell("stopped"); process.exit(130); });
setTimeout(() => process.exit(3), 60000);
`;
const EVIL = `<img src=x onerror=alert(1)>`;

describe.skipIf(browserPath === undefined)(
  browserPath ? "in a browser" : "in a browser (skipped: no Chromium here)",
  () => {
    let built: Awaited<ReturnType<typeof buildPage>>;
    let browser: Browser;
    let home: string;
    let runs: string;
    let studio: Studio;
    let page: Page;
    let faults: string[];
    beforeAll(async () => {
      built = await buildPage();
      browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox", "--disable-gpu"] });
    });
    afterAll(async () => {
      await browser?.close();
      built?.remove();
    });
    beforeEach(async () => {
      home = mkdtempSync(join(tmpdir(), "regimen-studio-"));
      runs = join(home, "runs");
      mkdirSync(runs);
      const fake = join(home, "fake.mjs");
      writeFileSync(fake, FAKE);
      studio = await startStudio({ runs, port: 0, command: [process.execPath, fake], cwd: home, client: built.folder });
      faults = [];
      page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      page.on("console", (message) => message.type() !== "log" && faults.push(`${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("dialog", (dialog) => (faults.push(`dialog: ${dialog.message()}`), void dialog.dismiss()));
      page.on("request", (asked) => {
        if (!asked.url().startsWith(`http://127.0.0.1:${studio.port}/`) && !asked.url().startsWith("data:"))
          faults.push(`asked for ${asked.url()}`);
      });
    });
    afterEach(async () => {
      await page.close();
      await studio.close();
      rmSync(home, { recursive: true, force: true });
      expect(faults).toEqual([]);
    });

    /** Opens the address that the command line prints, then goes to a place of the page. */
    const open = async (hash = "#/"): Promise<void> => {
      await page.goto(studio.url);
      await page.waitForSelector("h1");
      expect(page.url()).not.toContain("token");
      await go(hash);
      await page.evaluate(() => ((window as unknown as { stays: boolean }).stays = true));
    };
    const go = (hash: string) =>
      page.evaluate((to) => {
        location.hash = to;
      }, hash);
    const stayed = () => page.evaluate(() => (window as unknown as { stays?: boolean }).stays === true);
    const title = (words: string | RegExp) => page.getByRole("heading", { level: 1, name: words }).waitFor();
    /** The trials that are not the best. */
    const lines = () => page.locator('.drawing > div:visible polyline[stroke="var(--bad)"]:not(.layer *)');
    /** Where an axis of the policy chart stands in the window: its low end and its high one. */
    const axisAt = (run: string, at: number) =>
      page.evaluate(
        async ([id, i]) => {
          const { trace } = (await (await fetch(`/api/runs/${id}/charts/policy`)).json()) as Picture;
          const svg = [...document.querySelectorAll<SVGSVGElement>(".coordinates svg")].find(
            (one) => one.clientWidth > 0,
          )!;
          const { width } = svg.viewBox.baseVal;
          const frame = trace!.frames.find((one) => one.width === width)!;
          const { left, top, width: wide } = svg.getBoundingClientRect();
          const across = frame.at.at(i)!;
          return frame.ends.map((end) => {
            const [x, y] = frame.lying ? [end, across] : [across, end];
            return [left + (x * wide) / width, top + (y * wide) / width] as const;
          }) as [readonly [number, number], readonly [number, number]];
        },
        [run, at] as const,
      );
    /** `only`: these rules of axe; all of them unless told. */
    const sound = async (only?: string[]): Promise<void> => {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(
        (rules) =>
          (window as unknown as { axe: typeof axe }).axe.run(document, {
            resultTypes: ["violations"],
            ...(rules && { runOnly: rules }),
          }),
        only,
      );
      const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    };

    it("a run that goes on fills in without a reload: the list, the coordinates, the curves, the time left", async () => {
      const folder = join(runs, "live");
      await open();
      await title("No runs yet");
      begin(folder);
      setStatus(folder, { secondsLeft: 95 });
      await title("1 run: 1 running");
      await page.getByText("about 1 min 35 s left").waitFor();
      await page.getByRole("link", { name: /no trial yet/ }).click();
      await page.getByText("No trial is finished yet").waitFor();
      addTrials(folder, 0, 2);
      await page.getByText(/^2.trials so far; the best is trial-number-0/).waitFor();
      await expect.poll(() => lines().count()).toBe(1);
      addTrials(folder, 2, 5);
      setStatus(folder, { secondsLeft: 50 });
      await page.getByText("about 50 s left").waitFor();
      await expect.poll(() => lines().count()).toBe(4);
      await page.getByRole("link", { name: "Curves" }).click();
      addEpoch(folder, "baseline", 1, 0.9);
      addEpoch(folder, "trial/9", 1, 0.8);
      setStatus(folder, { training: { name: "trial/9", images: 400, of: 800, imagesPerSecond: 9 } });
      await expect.poll(() => page.locator('svg[aria-label*="the 6"]').count()).toBeGreaterThan(0);
      finish(folder, fixture());
      await title(/fewer mistakes/);
      expect(await stayed()).toBe(true);
    });

    it("stops a run and resumes it", async () => {
      begin(join(runs, "a"));
      addTrials(join(runs, "a"), 0, 1);
      await open("#/run/a");
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("about 42 s left").waitFor();
      await page.getByRole("button", { name: /^Stop/ }).click();
      await title(/^Stopped after 1.trial/);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByRole("button", { name: /^Stop/ }).click();
      await page.getByRole("button", { name: "Resume" }).waitFor();
      expect(await stayed()).toBe(true);
    });

    it("says what to do where it was opened without the token", async () => {
      begin(join(runs, "a"));
      await page.goto(studio.url.split("#")[0]!);
      await page.getByText(/open the whole address/).waitFor();
      expect(await page.getByRole("button", { name: "Resume" }).isDisabled()).toBe(true);
    });

    it("shows runs side by side", async () => {
      finish(join(runs, "a"), fixture());
      finish(join(runs, "b"), fixture({ verdict: "worse", trials: 5 }));
      await open();
      await page.getByLabel("compare a", { exact: true }).check();
      expect(await page.getByRole("link", { name: /^Compare/ }).count()).toBe(0);
      await page.getByLabel("compare b", { exact: true }).check();
      await page.getByRole("link", { name: "Compare 2 runs" }).click();
      await title(/makes the fewest mistakes/);
      await expect.poll(() => page.locator("figure svg:visible").count()).toBe(6);
      await sound();
      expect(await stayed()).toBe(true);
    });

    it("shows what a task measures and its worst images, wide and narrow", async () => {
      finish(join(runs, "boxes"), graded("better", [EVIL, "rust stain", "dent", "a label"]));
      finish(join(runs, "labels"), several());
      await open();
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await go("#/run/boxes/answer");
        await title(/less error: 1.−.mAP@0.5 fell from 42.1/);
        await page.getByRole("heading", { name: /is weakest: AP@0.5 40.0/ }).waitFor();
        await page.getByRole("heading", { name: "The task's usual measures" }).waitFor();
        await expect.poll(() => page.locator(".drawing svg:visible").count()).toBeGreaterThanOrEqual(6);
        await sound();
        await go("#/run/boxes/mistakes");
        await page.getByRole("heading", { name: /^The 30.images with the largest errors/ }).waitFor();
        expect(await page.locator(".strip img").count()).toBe(8);
        expect(await page.locator(".keys li").count()).toBe(3);
        await page.getByRole("button", { name: "Show more" }).click();
        expect(await page.locator(".strip").count()).toBe(30);
        await sound();
        await go("#/run/labels/mistakes");
        await page
          .getByText(/^has crack; Regimen/)
          .first()
          .waitFor();
        await sound();
      }
    });

    it("opens a report, whose page is shut off from the studio", async () => {
      finish(join(runs, "a"), fixture());
      await open("#/run/a");
      const opened = page.context().waitForEvent("page");
      await page.getByRole("link", { name: "Open the report" }).click();
      const report = await opened;
      await report.getByRole("heading", { level: 1 }).waitFor();
      expect(await report.evaluate(() => origin)).toBe("null");
      await report.close();
    });

    it("shows broken folders as cards, and nothing that a name says is done", async () => {
      mkdirSync(join(runs, "half"));
      writeFileSync(join(runs, "half", "run.json"), '{"format":1,"jo');
      finish(join(runs, EVIL), fixture({ classes: [EVIL, "b", "c"] }));
      begin(join(runs, "<b>live"), { config: { job: "train", config: { data: { name: EVIL } } } });
      setStatus(join(runs, "<b>live"), { stage: { name: EVIL, message: EVIL }, training: null });
      await open();
      await title("3 runs: 1 running, 1 broken, 1 finished");
      await page.getByText(/run\.json cannot be read/).waitFor();
      expect(await page.locator("img, main b").count()).toBe(0);
      const at = `#/run/${encodeURIComponent(EVIL)}`;
      for (const tab of ["", "/curves", "/answer", "/mistakes", "/data", "/about"]) {
        await go(at + tab);
        await page.locator("h2").first().waitFor();
        await page.waitForTimeout(300);
        expect(await page.locator("img:not([src^='data:']), svg img, svg script").count()).toBe(0);
      }
      await go("#/run/half");
      await title("The folder “half” cannot be read");
      await sound();
    });

    it.each([
      [1280, "light", undefined],
      // What another width and other colours can change.
      [390, "dark", ["color-contrast", "scrollable-region-focusable", "target-size"]],
    ] as const)("has no serious fault of accessibility, and fits: %d pixels, %s", async (width, colorScheme, rules) => {
      const only = rules && [...rules];
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      finish(join(runs, "done"), fixture({ classes: ["a class with a very long name that goes on and on", "b", "c"] }));
      begin(join(runs, "live"));
      addTrials(join(runs, "live"), 0, 30);
      setStatus(join(runs, "live"));
      await open();
      await sound(only);
      for (const tab of ["", "/curves", "/answer", "/mistakes", "/data", "/about"]) {
        await go(`#/run/done${tab}`);
        await page.locator(".tabs [aria-current]").waitFor();
        await page.waitForTimeout(400);
        await sound(only);
      }
      await go("#/run/live");
      await lines().first().waitFor();
      await sound(only);
    });

    it("keeps only the trials that cross a brushed stretch, in the picture and in the table", async () => {
      begin(join(runs, "live"));
      addTrials(join(runs, "live"), 0, 40);
      setStatus(join(runs, "live"));
      await open("#/run/live");
      await expect.poll(() => lines().count()).toBeGreaterThan(38);
      // The best quarter of the losses.
      const [[x0, y0], [x1, y1]] = await axisAt("live", -1);
      const along = (share: number) => [x0 + share * (x1 - x0), y0 + share * (y1 - y0)] as const;
      await page.mouse.move(...along(1));
      await page.mouse.down();
      await page.mouse.move(...along(0.9));
      await page.mouse.move(...along(0.75));
      await page.mouse.up();
      const told = page.getByRole("heading", { name: /of 40.trials cross/ });
      await told.waitFor();
      const kept = Number((await told.textContent())!.split(" ")[0]);
      expect(kept).toBeGreaterThan(2);
      expect(kept).toBeLessThan(20);
      const losses = (await page.locator("tbody tr td:nth-child(3)").allTextContents()).map(Number);
      expect(losses).toHaveLength(kept);
      // From 0.4 to 1.2 nats the best quarter ends at 0.6; a pixel more or less is 0.003.
      expect(Math.max(...losses)).toBeLessThan(0.61);
      const shown = await page.locator(".drawing > div:visible .layer .kept").count();
      expect(shown + 1).toBe(kept); // and the best, in its own colour
      // More trials come in: the brush stays.
      addTrials(join(runs, "live"), 40, 60);
      await page.getByRole("heading", { name: /of 60.trials cross/ }).waitFor();
      await page.getByRole("button", { name: /Show all/ }).click();
      await page.getByRole("heading", { name: /^All 60/ }).waitFor();
    });

    it("stays smooth with 200 trials: under 100 ms from each act to the picture that follows", async () => {
      begin(join(runs, "big"));
      addTrials(join(runs, "big"), 0, 200);
      setStatus(join(runs, "big"));
      await open("#/run/big");
      await expect.poll(() => lines().count()).toBeGreaterThanOrEqual(199);
      const axis = await axisAt("big", 0);
      const took = await page.evaluate(async ([[x0, y0], [x1, y1]]) => {
        const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        const buttons = () => [...document.querySelectorAll("button")];
        const all: Record<string, number[]> = {};
        const timed = async (what: string, act: () => void) => {
          await frame();
          const from = performance.now();
          act();
          await frame();
          (all[what] ??= []).push(performance.now() - from);
        };
        const svg = [...document.querySelectorAll<SVGSVGElement>(".coordinates svg")].find(
          (one) => one.clientWidth > 0,
        )!;
        const frameOf = svg.getBoundingClientRect();
        const fire = (type: string, x: number, y: number) =>
          svg.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, bubbles: true }));
        svg.setPointerCapture = () => undefined;
        for (let i = 0; i < 9; i++) {
          const at = (i + 1) / 10;
          await timed("point at a line", () =>
            fire("pointermove", frameOf.x + at * frameOf.width, frameOf.y + 0.6 * frameOf.height),
          );
          fire("pointerdown", x0, y0);
          await timed("brush", () => fire("pointermove", x0 + at * (x1 - x0), y0 + at * (y1 - y0)));
          fire("pointerup", x0, y0);
          await timed("sort", () => document.querySelectorAll<HTMLElement>(".sort")[i % 4]!.click());
          await timed("point at a row", () =>
            document.querySelectorAll("tbody tr")[i]?.dispatchEvent(new PointerEvent("pointerenter")),
          );
          await timed("show all", () =>
            buttons()
              .find((b) => b.textContent!.startsWith("Show all"))
              ?.click(),
          );
          await timed("turn the page", () =>
            buttons()
              .find((b) => b.textContent === (i % 2 ? "Before" : "After"))!
              .click(),
          );
          await timed("another tab", () =>
            document.querySelector<HTMLElement>(`.tabs a:nth-child(${i % 2 ? 1 : 6})`)!.click(),
          );
          document.querySelector<HTMLElement>(".tabs a")!.click();
          await new Promise((done) => setTimeout(done, 150));
        }
        return Object.fromEntries(
          Object.entries(all).map(([what, times]) => [what, times.sort((a, b) => a - b)[times.length >> 1]!]),
        );
      }, axis);
      for (const [what, milliseconds] of Object.entries(took)) expect([what, milliseconds < 100]).toEqual([what, true]);
    });
  },
);
