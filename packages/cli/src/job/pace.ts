import { TRUNK } from "@regimen/core";
import type { Plan } from "./types.ts";

/** Share of the time that goes into scoring, reading and writing rather than training. */
const OVERHEAD = 1.15;
/** Where nothing is said, a plain run sees this many images, within these numbers of epochs. */
const USUAL = { images: 300_000, least: 30, most: 200 } as const;

/** How many plain runs a job trains: baseline, search, final; a search on its own also trains the trunk that its trials fork from. */
export function plainRuns(job: Plan["job"], baseline: boolean, budget: number): number {
  if (job === "fit") return 1;
  return job === "search" ? TRUNK.most + budget : (baseline ? 1 : 0) + 1 + budget;
}

export const estimate = (images: number, epochs: number, runs: number, imagesPerSecond: number): number =>
  (OVERHEAD * images * epochs * runs) / imagesPerSecond;

export const usualEpochs = (images: number): number =>
  Math.min(USUAL.most, Math.max(USUAL.least, Math.round(USUAL.images / images)));

/** The most epochs that fit the time, and no more than a training of this many images usually wants; at least 1. */
export function chooseEpochs(images: number, runs: number, imagesPerSecond: number, seconds: number): number {
  const fitting = Math.floor(seconds / estimate(images, 1, runs, imagesPerSecond));
  return Math.max(1, Math.min(fitting, usualEpochs(images)));
}
