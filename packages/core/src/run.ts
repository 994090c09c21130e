import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Blueprint, Cost, Metered, Predictor, Recording, Run, ScaffoldModel, Source } from "@regimen/contracts";
import { tableOf } from "@regimen/composition";
import { capture, decode, encode, restore, tableFrom, tableTo } from "@regimen/run-folder";
import { Repeated } from "@regimen/steps";
import { optimizerNamed, scheduleNamed, type Session } from "./session.ts";
import { forgetPartial, runStage, type StageEnv } from "./stage.ts";

/** What a training lends to one technique: its accounts, and its ways of making and looking at models. */
export interface Lent extends Pick<Run, "rng" | "plan" | "techniques" | "refused"> {
  readonly name: string;
  /** Where what it makes is kept. */ readonly key: string;
  readonly session: Session;
  readonly env: StageEnv;
  readonly blueprint: Blueprint;
  readonly train: Source;
  wrap(model: LayersModel, normalize?: boolean): Promise<ScaffoldModel>;
  build(): Promise<ScaffoldModel>;
  /** No technique may train more than its plan says, and each of its trainings has a name. */
  ask(images: number, what: string): void;
  allow(images: number, what: string): void;
  count(cost: Cost): void;
  timed<T>(images: number, work: () => Promise<T>): Promise<T>;
  score(model: Predictor, on: Source): Promise<Metered>;
  settle(model: ScaffoldModel, on: Source): Promise<void>;
  kept(id: string): Uint8Array;
}

/** What a technique may use. */
export function runFor(lent: Lent): Run {
  const { name, key, session, rng, plan } = lent;
  return {
    techniques: lent.techniques,
    refused: lent.refused,
    rng,
    task: session.task,
    blueprint: lent.blueprint,
    plan,
    data: { ...session.data, train: lent.train },
    scaffold: (model, { normalize } = {}) => lent.wrap(model, normalize),
    twin: () => lent.build(),
    optimizer: (use, params) => optimizerNamed(session, use, params),
    fit: async (stage) => {
      const stageKey = `${key}/${stage.name}`;
      const own = { ...plan, ...stage.plan };
      lent.ask(own.images, stageKey);
      const kept = session.store.get(`done/${stageKey}`);
      if (kept) {
        const checkpoint = decode(kept);
        for (const state of restore(checkpoint, stage.weights).values()) state.dispose();
        const answer = checkpoint.meta as unknown as Awaited<ReturnType<Run["fit"]>>;
        lent.count(answer.cost);
        return answer;
      }
      const result = await runStage(
        {
          key: stageKey,
          data: stage.data,
          extra: stage.extra ?? [],
          plan: own,
          schedule: scheduleNamed(session, own.schedule),
          cost: stage.cost ?? 1,
          until: own.images,
          origin: 0,
          horizon: own.images,
          weights: stage.weights,
          rng: rng.fork(stage.name),
          draw: (stream, shape) => (stage.draw ? { [name]: stage.draw(stream, shape) } : {}),
          step: (batch, step) => stage.step(batch, step.of(name)),
        },
        lent.env,
      );
      lent.count(result.cost);
      const names = Object.keys(result.points[0]?.logs ?? {});
      const curves = Object.fromEntries(names.map((log) => [log, result.points.map((point) => point.logs[log]!)]));
      const answer = { curves, cost: result.cost };
      session.store.put(`done/${stageKey}`, encode(await capture(stage.weights, new Map(), answer)));
      result.state.dispose();
      forgetPartial(session.store, stageKey);
      return answer;
    },
    table: async (table, model, on, pick) => {
      const kept = session.store.get(`table/${key}/${table}`);
      if (kept) {
        lent.count({ trained: 0, inferred: on.length, seconds: 0 });
        return tableFrom(decode(kept));
      }
      const found = await lent.timed(on.length, () => tableOf(model, on, pick, session));
      session.store.put(`table/${key}/${table}`, encode(tableTo(found)));
      return found;
    },
    score: async (model, on) => (await lent.score(model, on)).score,
    repeat: (program, { trained = 0, inferred = 0 }) => {
      const repeated = new Repeated(program, session);
      const run: Recording["run"] = (inputs) => {
        lent.allow(trained, `${key}/repeat`);
        const started = performance.now();
        const answer = repeated.run(inputs);
        lent.count({ trained, inferred, seconds: (performance.now() - started) / 1000 });
        return answer;
      };
      return { run, sync: () => repeated.sync(), dispose: () => repeated.dispose() };
    },
    settle: (model, on) => lent.settle(model, on),
    show: (what, pictures, about) => session.show(`${key}/${what}`, pictures, about),
    log: (logs) =>
      session.emit({ kind: "epoch", training: key, epoch: 1, epochs: 1, logs, secondsLeft: session.secondsLeft() }),
    snapshot: async (snapshot, weights) => {
      const id = `snapshot/${key}/${snapshot}`;
      session.store.put(id, encode(await capture(weights, new Map(), {})));
      return { id };
    },
    restore: async (snapshot, weights, parts) => {
      const chosen = weights.filter((weight) => !parts || parts.includes(weight.part));
      for (const state of restore(decode(lent.kept(snapshot.id)), chosen).values()) state.dispose();
    },
  };
}
