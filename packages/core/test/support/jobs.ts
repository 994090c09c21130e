// Jobs on the small world, and spies that say what happened inside.
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  createRegimen,
  type Answer,
  type FitOptions,
  type FitResult,
  type Json,
  type Measure,
  type MetaLearner,
  type Params,
  type Plugin,
  type Regimen,
  type RegimenEvent,
  type Request,
  type Running,
  type SearchOptions,
  type SearchResult,
  type Technique,
  type Weight,
} from "@regimen/core";
import { plugin, samples } from "./world.ts";

/** A technique in few words. */
export const technique = <P extends Params>(
  of: Pick<Technique<P>, "name" | "create"> & Partial<Technique<P>>,
): Technique =>
  ({
    version: "1.0.0",
    group: "test",
    paper: "none",
    space: {},
    order: { slot: "objective" },
    ...of,
  }) as unknown as Technique;

export async function regimenWith(...techniques: readonly Technique[]): Promise<Regimen> {
  await tf.setBackend("cpu");
  const register: Plugin["register"] = (registry) => techniques.forEach((one) => registry.technique(one));
  return createRegimen({ plugins: [plugin(register)], backend: "current" });
}

export const PLAIN = 400;
/** 200 images, two epochs, batches of 20: 20 steps. */
export const job = () => ({
  model: { architecture: "tiny" },
  data: { train: samples(200), validation: samples(60, 2) },
  training: { epochs: 2, batchSize: 20, learningRate: 0.05, optimizer: "sgd" } as const,
  seed: 5,
});

export const uses = (...names: (string | readonly [string, Params])[]) => ({
  steps: names.map((one) => (typeof one === "string" ? { use: one, with: {} } : { use: one[0], with: one[1] })),
});
export const valuesOf = (weights: readonly Weight[]): Record<string, number[]> =>
  Object.fromEntries(weights.map(({ name, variable }) => [name, [...variable.dataSync()]]));
export const weightsOf = (of: LayersModel): number[][] => of.getWeights().map((weight) => [...weight.dataSync()]);

/** Fits, and gives the result's weights and the events with it; disposes of the model. */
export async function fit(
  regimen: Regimen,
  options: Partial<FitOptions>,
): Promise<FitResult & { weights: number[][]; events: RegimenEvent[] }> {
  const running = regimen.fit({ ...job(), policy: "none", ...options });
  const events = await collect(running);
  const result = await running;
  const weights = weightsOf(result.model);
  result.model.dispose();
  return { ...result, weights, events };
}
export async function collect(running: Running<unknown>): Promise<RegimenEvent[]> {
  const events: RegimenEvent[] = [];
  for await (const event of running) events.push(event);
  return events;
}
export const epochs = (events: readonly RegimenEvent[]) => events.filter((event) => event.kind === "epoch");

/** Says of every training that really ran: its plan's images, the rows it draws from, and the weights it began and ended with. */
export type Seen = {
  readonly images: number;
  readonly rows: number;
  first?: Record<string, number[]>;
  last?: Record<string, number[]>;
  steps: number;
};
export function spy(log: Seen[], name = "test-spy"): Technique {
  return technique({
    name,
    order: { slot: "average" },
    create: () => ({
      sample: (inner, run) => {
        log.push({ images: run.plan.images, rows: inner.length, steps: 0 });
        return inner;
      },
      optimizer: (inner) => (evaluate, weights, step) => {
        log.at(-1)!.first ??= valuesOf(weights);
        return inner(evaluate, weights, step);
      },
      average: (weights) => {
        const seen = log.at(-1)!;
        seen.steps++;
        seen.last = valuesOf(weights);
        return {};
      },
    }),
  });
}

type ScriptState = { readonly at: number; readonly answers: readonly Answer[] };
/** Asks what its list says; what it was told comes back with the search's result. */
export const script = (requests: readonly Request[], measures: Readonly<Record<string, Measure>> = {}): MetaLearner => {
  const learner: MetaLearner<ScriptState> = {
    name: "script",
    measures,
    claims: () => true,
    init: () => ({ at: 0, answers: [] }),
    ask: (s) => (s.at < requests.length ? [requests[s.at]!, { ...s, at: s.at + 1 }] : [{ kind: "done", ok: true }, s]),
    tell: (s, answer) => ({ ...s, answers: [...s.answers, answer] }),
    best: () => ({ steps: [] }),
  };
  return learner as unknown as MetaLearner;
};

/** Plays the requests in a search of the small world; gives each one's answer, by id. */
export async function ask(
  regimen: Regimen,
  requests: readonly Request[],
  more: { readonly measures?: Readonly<Record<string, Measure>> } & Partial<SearchOptions> = {},
): Promise<{ answers: Record<string, Answer>; result: SearchResult }> {
  const { measures = {}, ...options } = more;
  const answers: Record<string, Answer> = {};
  const learner = script(requests, { ...measures, [WEIGHTS]: readWeights });
  const listening = {
    ...learner,
    tell: (s: Json, answer: Answer) => ((answers[answer.id] = answer), learner.tell(s, answer)),
  };
  const result = await regimen.search({ ...job(), search: { budget: 20 }, ...options, metalearner: listening });
  return { answers, result };
}
const WEIGHTS = "test/weights";
const readWeights: Measure = async ({ model: own }) => valuesOf(own.weights);
export const trial = (id: string, more: Partial<Extract<Request, { kind: "trial" }>> = {}): Request => ({
  kind: "trial",
  id,
  policy: { steps: [] },
  until: PLAIN,
  seed: 5,
  ...more,
});
/** Asks for a checkpoint's weights, as JSON. */
export const look = (id: string, from: string): Request => ({
  kind: "measure",
  id,
  use: WEIGHTS,
  with: null,
  policy: { steps: [] },
  from,
  atMost: { trained: 0, inferred: 0, seconds: 0 },
});
