import type { Json, Request } from "@regimen/core";
import type { Simulation } from "./simulate.ts";

export type TimelineOptions = {
  /** Who do the requests: as many as the simulation had outstanding, or fewer. */ readonly workers: number;
  /** How long request `n` takes, counted from 0 among trials and measures. */
  seconds(request: Request, n: number): number;
};
export type Timeline = {
  /** From the first request to the last answer. */ readonly seconds: number;
  /** Of work, all workers together: what one alone would take. */ readonly work: number;
  /** Share of the workers' time that was work. */ readonly utilisation: number;
  /** The most requests that were at work at once. */ readonly most: number;
};

/**
 * When everything would have happened with so many workers: requests go in the order asked to whoever is free, answers are told
 * in the order asked. What a learner asks depends on how many are outstanding (`workers` of the simulation) and not on times, so
 * that one simulation has a timeline for any times.
 */
export function timeline<S extends Json>(simulation: Simulation<S>, { workers, seconds }: TimelineOptions): Timeline {
  const free = new Float64Array(workers);
  const ends = new Map<string, number>();
  const spans: (readonly [begin: number, end: number])[] = [];
  let [now, work, at] = [0, 0, 0];
  for (const move of simulation.moves) {
    if (move !== "ask") {
      now = Math.max(now, ends.get(move.id)!);
      continue;
    }
    const request = simulation.requests[at++]!;
    if (request.kind === "wait" || request.kind === "done") continue;
    const worker = free.reduce((best, time, each) => (time < free[best]! ? each : best), 0);
    const begin = Math.max(now, free[worker]!);
    const length = seconds(request, spans.length);
    free[worker] = begin + length;
    ends.set(request.id, begin + length);
    spans.push([begin, begin + length]);
    work += length;
  }
  const last = free.reduce((a, b) => Math.max(a, b), 0);
  return { seconds: last, work, utilisation: last && work / (workers * last), most: mostAtOnce(spans) };
}

function mostAtOnce(spans: readonly (readonly [number, number])[]): number {
  // One that ends as another begins does not overlap it.
  const edges = spans.flatMap(([begin, end]) => [[begin, 1] as const, [end, -1] as const]);
  let [running, most] = [0, 0];
  for (const [, step] of edges.sort(([a, up], [b, upper]) => a - b || up - upper))
    most = Math.max(most, (running += step));
  return most;
}
