// A search that still goes on, in the form of a finished one's report: the same charts draw both.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { imagesSeen, type Curve, type Point, type Problem, type Report, type Trial } from "@regimen/contracts";
import { curvesOf, trialsOf } from "@regimen/stats";
import { readEvents } from "@regimen/tensorboard";
import { bytesIn, fileIn, textIn } from "./place.ts";

export type Drawn = Pick<Report, "curves"> & { readonly search: Pick<Report["search"], "axes" | "trials"> };

/** Trials of the search itself: names with a slash in front are the core's own trainings. */
const searched = (trials: readonly Trial[]) => trials.filter(({ id }) => !id.startsWith("/"));

/** The best of those that were trained furthest, or the best of all. */
export function bestOf(trials: readonly Trial[]): Trial | null {
  const scored = searched(trials).filter(({ score }) => score !== null);
  const furthest = Math.max(...scored.map(({ until }) => until));
  const last = scored.filter(({ until }) => until === furthest);
  return last.sort((a, b) => a.score!.loss - b.score!.loss)[0] ?? null;
}

/** `training`: the one that goes on, as the run's status names it. `images`: of the training split. */
export function drawn(folder: string, trials: readonly Trial[], training: string | null, images: number): Drawn {
  const made = searched(trials);
  return {
    search: axesAndTrials(folder, made, bestOf(trials)),
    curves: [...finishedCurves(folder, trials, made, images), ...runningTrial(folder, trials, training, images)],
  };
}

function axesAndTrials(folder: string, made: readonly Trial[], best: Trial | null): Drawn["search"] {
  const problem = problemIn(folder);
  if (problem) return trialsOf({ problem, trials: made, best: best?.policy ?? { steps: [] } });
  // A run of before the search was written down: its trials have no axes.
  const furthest = Math.max(...made.map(({ until }) => until));
  const statusOf = ({ id, status, until }: Trial) =>
    status !== "ok" ? "failed" : id === best?.id ? "optimal" : until < furthest ? "stopped" : "rejected";
  const trials = made.map((trial): Drawn["search"]["trials"][number] => {
    const { name, score, cost, why } = trial;
    return {
      name,
      values: {},
      score: score?.loss ?? null,
      error: score?.error ?? null,
      status: statusOf(trial),
      imagesSeen: imagesSeen(cost),
      seconds: cost.seconds,
      why,
    };
  });
  return { axes: [], trials };
}

function problemIn(folder: string): Problem | null {
  try {
    const { problem } = JSON.parse(textIn(folder, "search.json") ?? "{}") as { problem?: Problem };
    return problem && Array.isArray(problem.techniques) && typeof problem.train === "object" ? problem : null;
  } catch {
    return null;
  }
}

function finishedCurves(folder: string, trials: readonly Trial[], made: readonly Trial[], images: number): Curve[] {
  const trunk = trials.find(({ id }) => id === "/trunk")?.points ?? told(folder, "trial//trunk", images);
  const whole = told(folder, "baseline", images);
  const last = trunk.at(-1)?.epoch ?? 0;
  const baseline = [...trunk, ...whole.filter(({ epoch }) => epoch > last)];
  const curves = curvesOf({
    baseline: baseline.length > 0 ? { points: baseline } : undefined,
    final: { points: told(folder, "final", images) },
    search: { trials: made },
  });
  return curves.filter(({ points }) => points.length > 0);
}

function runningTrial(folder: string, trials: readonly Trial[], training: string | null, images: number): Curve[] {
  if (!training?.startsWith("trial/")) return [];
  const id = training.slice("trial/".length);
  if (id.startsWith("/") || trials.some((trial) => trial.id === id)) return [];
  return curvesOf({
    baseline: undefined,
    final: { points: [] },
    search: { trials: [{ name: "running now", points: told(folder, training, images), score: null }] },
  }).filter(({ points }) => points.length > 0);
}

const eventsOf = (training: string): string => join("events", training.replaceAll(/[^\w.-]+/g, "-"));

/** Changes with every epoch of these trainings. */
export const epochsStamp = (folder: string, trainings: readonly string[]): string =>
  trainings.map((training) => filesIn(folder, eventsOf(training)).map((file) => fileIn(folder, file)?.stamp)).join();

function filesIn(folder: string, name: string): string[] {
  try {
    return readdirSync(join(folder, name)).map((file) => join(name, file));
  } catch {
    return [];
  }
}

/** The epochs of a training, from its events; a file that is damaged has none. */
function told(folder: string, training: string, images: number): Point[] {
  try {
    return filesIn(folder, eventsOf(training)).flatMap((file) => {
      const bytes = bytesIn(folder, file);
      return bytes ? readEvents(bytes).map((event) => pointOf(event, images)) : [];
    });
  } catch {
    return [];
  }
}

function pointOf({ step, values }: ReturnType<typeof readEvents>[number], images: number): Point {
  const scalars = values.flatMap((value) => ("scalar" in value ? [[value.tag, value.scalar] as const] : []));
  const logs = Object.fromEntries(scalars.map(([tag, scalar]) => [tag.replace("training/", ""), scalar]));
  const { "validation/loss": loss, "validation/error": error } = logs;
  const score = loss === undefined ? null : { loss, error: error ?? Number.NaN, ece: null };
  return { epoch: step, images: step * images, logs, score };
}
