import { parseFragment } from "parse5";
import { describe, expect, it } from "vitest";
import type { ReportAxis } from "@regimen/core";
import { ends, position } from "../src/charts/axes.ts";
import { addsUp, verdictOf } from "../src/charts/techniques.ts";
import { below, fit, textWidth } from "../src/marks.ts";
import { chartPng, reportCharts } from "../src/index.ts";
import { fixture } from "./fixture.ts";
import { graded } from "./graded.ts";

const axis = (change: Partial<ReportAxis>): ReportAxis => ({
  id: "a",
  label: "a (m)",
  kind: "m",
  range: [0, 1],
  scale: "linear",
  group: "g",
  use: "u",
  off: 0,
  ...change,
});

describe("charts as files", () => {
  const charts = reportCharts(fixture());
  it("has all of them, with names fit for files", () => {
    expect(charts.map((c) => c.name)).toEqual([
      "answer",
      "splits",
      "class-balance",
      "policy",
      "techniques",
      "refused",
      "classes",
      "confusion",
      "error",
      "unlabelled",
      "calibration",
      "curves",
      "cost",
    ]);
  });
  it("each is one SVG, on its own paper, without style sheet, script or address", () => {
    for (const { svg } of charts) {
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
      expect(svg.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(
        /https?:|<style|<script|var\(|url\(|NaN|class=/,
      );
      expect(parseFragment(svg).childNodes.filter((n) => n.nodeName === "svg")).toHaveLength(1);
    }
  });
  it("has those of a task too, by its own names", () => {
    const names = reportCharts(graded()).map((c) => c.name);
    expect(names).toEqual(
      expect.arrayContaining(["measured-average-precision", "measured-precision-recall", "measured-sizes"]),
    );
    expect(names).not.toContain("calibration");
  });
  it("becomes a PNG of twice its size", async () => {
    const { svg } = charts[0]!;
    const png = await chartPng(svg);
    expect([...png.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    const width = new DataView(png.buffer, png.byteOffset).getUint32(16);
    expect(width).toBe(2 * Number(/ width="(\d+)"/.exec(svg)![1]));
  });
  it("leaves out what has nothing to show", () => {
    const report = fixture();
    const bare = reportCharts({
      ...report,
      search: { ...report.search, axes: [], trials: [], refused: [] },
      policy: { ...report.policy, steps: [] },
      techniques: [],
      curves: [],
      unlabeled: null,
    });
    expect(bare.map((c) => c.name)).toEqual([
      "answer",
      "splits",
      "class-balance",
      "classes",
      "confusion",
      "error",
      "calibration",
      "cost",
    ]);
  });
});

describe("where a value stands on an axis", () => {
  it("linear, with off at the bottom", () => {
    expect([0, 0.25, 1].map((v) => position(axis({}), v))).toEqual([0, 0.25, 1]);
    expect(ends(axis({}))).toEqual({ bottom: "off", top: "1" });
  });
  it("logarithmic", () => {
    const rate = axis({ kind: "value", range: [0.001, 0.1], scale: "log", off: null });
    expect(position(rate, 0.01)).toBeCloseTo(0.5, 12);
    expect(ends(rate)).toEqual({ bottom: "0.001", top: "0.1" });
  });
  it("off beside a logarithmic range keeps the bottom to itself", () => {
    const decay = axis({ range: [1e-5, 1e-2], scale: "log" });
    expect(position(decay, 0)).toBe(0);
    expect(position(decay, 1e-5)).toBeCloseTo(0.08, 12);
    expect(position(decay, 1e-2)).toBeCloseTo(1, 12);
    expect(ends(decay).bottom).toBe("off");
  });
  it("an axis whose off is its upper end is turned over", () => {
    const keep = axis({ range: [0.5, 1], off: 1 });
    expect([1, 0.75, 0.5].map((v) => position(keep, v))).toEqual([0, 0.5, 1]);
    expect(ends(keep)).toEqual({ bottom: "off", top: "0.5" });
  });
  it("choices and switches stand in their order", () => {
    const choice = axis({ kind: "choice", range: ["sgd", "adamw", "lamb"], off: null });
    expect(["sgd", "adamw", "lamb", "other"].map((v) => position(choice, v))).toEqual([0, 0.5, 1, null]);
    expect(position(axis({ kind: "choice", range: [true], off: false }), true)).toBe(1);
    expect(position(choice, null)).toBeNull();
  });
});

describe("drawing", () => {
  it("cuts a line at the top of its panel", () => {
    const path = [
      [0, -10],
      [10, 10],
      [20, 10],
      [30, -10],
    ] as const;
    expect(below(path, 0)).toEqual([
      [
        [5, 0],
        [10, 10],
        [20, 10],
        [25, 0],
      ],
    ]);
    expect(
      below(
        [
          [0, 5],
          [1, 6],
        ],
        0,
      ),
    ).toEqual([
      [
        [0, 5],
        [1, 6],
      ],
    ]);
    expect(
      below(
        [
          [0, -5],
          [1, -6],
        ],
        0,
      ),
    ).toEqual([]);
  });
  it("shortens a text to its room", () => {
    expect(fit("short", 100)).toBe("short");
    const cut = fit("a name that is far too long for its room", 80);
    expect(cut).toMatch(/^a name.*…$/);
    expect(textWidth(cut)).toBeLessThanOrEqual(80);
  });
  it("says no effect only where an effect would have shown", () => {
    const rotation = fixture().techniques.find(({ label }) => label.startsWith("rotation"))!;
    expect(verdictOf(rotation)).toBe("no effect, left off");
    expect(verdictOf({ ...rotation, interval: [-0.2, 0.02] })).toBe("cannot be told, left off");
    expect(verdictOf({ ...rotation, interval: null })).toBe("cannot be told, left off");
  });
  it("knows when changes add up to a sum", () => {
    const { techniques } = fixture();
    expect(addsUp(techniques)).toBe(true);
    expect(addsUp(techniques.map((t) => ({ ...t, validationLossWithout: 0.4 })))).toBe(false);
    expect(addsUp([])).toBe(false);
  });
});
