import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import {
  RegimenError,
  addCost,
  createRng,
  minusCost,
  zeroCost,
  type Blueprint,
  type Cost,
  type Hooks,
  type Json,
  type Measure,
  type Metered,
  type Plan,
  type Predictor,
  type Probing,
  type Rng,
  type Run,
  type ScaffoldModel,
  type Source,
  type Trained,
} from "@regimen/contracts";
import { capture, decode, encode, restore, type Checkpoint } from "@regimen/run-folder";
import { averaged, settle, settleAverage, statisticsOf, weighted } from "@regimen/composition";
import {
  applyBatch,
  averagesOf,
  composePolicy,
  drawFor,
  objectiveOf,
  optimizerOf,
  type Composition,
  type Member,
} from "@regimen/composition";
import { scoreModel, tablesThrough, timed } from "@regimen/composition";
import {
  optimizerNamed,
  peakOf,
  planOf,
  scheduleNamed,
  type Session,
  type Order,
  type Outcome,
  type Inner,
  type Fitted,
} from "./session.ts";
import { runFor } from "./run.ts";
import { forgetPartial, positionOf, runStage, type StageEnv } from "./stage.ts";

export class Training {
  readonly #session: Session;
  readonly #order: Order;
  readonly #composition: Composition;
  readonly #plan: Plan;
  readonly #env: StageEnv;
  readonly #names = new Set<string>();
  readonly #fitted = new Map<Predictor, Fitted>();
  #asked = 0;
  #cost: Cost = zeroCost;
  #parameters = 0;

  constructor(session: Session, order: Order, composition: Composition) {
    [this.#session, this.#order, this.#composition] = [session, order, composition];
    this.#plan = planOf(session, order);
    const training = order.key;
    let running = { images: 0, imagesPerSecond: 0 };
    this.#env = {
      ...session,
      progress: (sitting, images, of, imagesPerSecond) => {
        running = { images: sitting, imagesPerSecond };
        const secondsLeft = session.secondsLeft(running);
        session.emit({ kind: "progress", training, images, of, imagesPerSecond, secondsLeft });
      },
      epoch: ({ epoch, logs, score }, epochs) => {
        const seen = score ? { val_loss: score.loss, val_error: score.error } : {};
        const secondsLeft = session.secondsLeft(running);
        session.emit({ kind: "epoch", training, epoch, epochs, logs: { ...logs, ...seen }, secondsLeft });
      },
      lost: (cost) => this.#count(cost),
    };
  }

  /** The innermost training: one model, one stage. */
  async fit(change: Inner): Promise<Fitted> {
    const { session, order } = { session: this.#session, order: this.#order };
    const members = this.#members(change);
    const plan = { ...this.#plan, ...change.plan };
    const perImage = this.#composition.cost * (change.cost ?? 1);
    const [begin, end] = change.span ?? [0, 1];
    this.#ask(plan.images * (end - begin), change.path);
    const rng = this.#rng(change);
    const model = await this.#build(change);
    this.#parameters = model.parameters;
    const before = this.#cost;
    try {
      const done = session.store.get(`done/${change.path}`);
      if (done) return this.#keep(await this.#restored(model, decode(done)));
      // A snapshot is weights alone, and a training that starts from one is at its own beginning; unless it goes on with a span. So is another model.
      const chain = change.from && begin > 0 ? session.store.get(chainKey(change.from.id)) : undefined;
      const from = change.from ? decode(chain ?? this.#kept(change.from.id)) : change.model ? undefined : order.from;
      const { position } = positionOf(from);
      const start = position - begin * plan.images;
      const ahead = positionOf(order.from).position;
      const schedule = scheduleNamed(session, plan.schedule);
      const horizon = change.plan?.images === undefined ? order.horizon - ahead : plan.images;
      const asked = (order.origin ?? 0) - ahead;
      // What has a schedule of its own from the middle of a training on needs no warm-up.
      const warmed = order.from && order.origin ? peakOf(schedule) : 0;
      const origin = asked - (warmed / (1 - warmed)) * (horizon - asked);
      const data = members.reduce(
        (inner, m) => m.hooks.sample?.(inner, this.runOf(m.name, change)) ?? inner,
        change.data ?? session.data.train,
      );
      const average: { of: Readonly<Record<string, Variable>> } = { of: {} };
      const objective = objectiveOf(members, model.loss);
      const optimizer = optimizerOf(members, optimizerNamed(session, plan.optimizer.use, plan.optimizer.with));
      const { validation } = session.data;
      const validate = () =>
        averaged(model.weights, average.of, () =>
          timed(validation.length, () => scoreModel(model, validation, session)),
        );
      const stage = await runStage(
        {
          key: change.path,
          data,
          extra: change.extra ?? [],
          plan,
          schedule,
          cost: perImage,
          until: start + end * plan.images,
          origin: start + ((change.from ?? change.model) && !chain ? Math.max(0, origin) : origin),
          horizon: start + horizon,
          begin: change.from || change.model ? start : (order.origin ?? 0),
          weights: model.weights,
          rng,
          ...(from && { from }),
          draw: (stream, shape) => drawFor(members, stream, shape),
          step: (raw, step) => {
            const batch = applyBatch(members, raw, step);
            const loss = step.minimize(
              (how) => {
                const losses = objective(model.forward(batch.images, { training: true, step, ...how }), batch, step);
                return weighted(losses, batch.weights);
              },
              model.weights,
              optimizer,
            );
            average.of = averagesOf(members, model.weights, step);
            return { loss };
          },
          ...(order.validate && {
            validate: async () => {
              const { result, cost } = await validate();
              return { score: result.score, cost };
            },
          }),
        },
        this.#env,
      );
      const checkpoint = await capture(model.weights, stage.state.states, stage.reached);
      const snapshot = { id: `done/${change.path}` };
      if (end < 1) session.store.put(chainKey(snapshot.id), encode(checkpoint));
      this.#count(stage.cost);
      tf.tidy(() => settleAverage(model.weights, average.of));
      stage.state.dispose();
      // Averages of weights have seen no batch.
      if (Object.keys(average.of).length) await this.#settle(model, some(data, ENOUGH_TO_SETTLE));
      const metered = await this.#score(model, session.data.validation);
      if (!Number.isFinite(metered.score.loss))
        throw new RegimenError(
          "REG_LOSS_NAN",
          `the validation loss became ${metered.score.loss} at the end of "${change.path}"; try a smaller learning rate`,
        );
      const cost = minusCost(this.#cost, before);
      const result = {
        score: metered.score,
        cost,
        snapshot,
        points: stage.points,
        imagesPerSecond: stage.imagesPerSecond,
        captured: stage.captured,
      };
      if (order.lasting || change.path !== order.key) {
        const kept = await capture(model.weights, new Map(), result as unknown as Json);
        session.store.put(`done/${change.path}`, encode(kept));
      }
      forgetPartial(session.store, change.path);
      return this.#keep({ model, checkpoint, metered, ...result });
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** What technique `name` may use within `change`. */
  runOf(name: string, change: Inner): Run {
    const { images, ...rest } = { ...this.#plan, ...change.plan };
    const [begin, end] = change.span ?? [0, 1];
    const working = this.#members(change);
    const fresh = (change.model ?? this.#session.blueprint).fresh;
    return runFor({
      name,
      key: `${change.path}/${name}`,
      session: this.#session,
      env: this.#env,
      rng: this.#rng(change).fork(name),
      plan: { images: images * (end - begin), ...rest },
      blueprint: change.model ?? this.#session.blueprint,
      train: change.data ?? this.#session.data.train,
      techniques: this.#session.registered.techniques.filter((one) =>
        working.some((member) => member.name === one.name),
      ),
      refused: (this.#order.policy.refused ?? []).map(({ use }) => use),
      wrap: (model, normalize = fresh) => this.#wrap(model, normalize, [], false),
      build: () => this.#build(change),
      ask: (asked, what) => this.#ask(asked, what),
      allow: (asked, what) => this.#allow(asked, what),
      count: (cost) => this.#count(cost),
      timed: (looked, work) => this.#timed(looked, work),
      score: (model, on) => this.#score(model, on),
      settle: (model, on) => this.#settle(model, on),
      kept: (id) => this.#kept(id),
    });
  }

  async measure(doing: Measure, args: Json, from?: Checkpoint): Promise<{ value: Json; cost: Cost }> {
    const { registered } = this.#session;
    const change: Inner = { name: "", path: this.#order.key, members: [] };
    const model = await this.#build(change);
    try {
      if (from) for (const state of restore(from, model.weights).values()) state.dispose();
      const run = this.runOf("measure", change);
      const through: Probing["through"] = (policies, on, pick) => {
        const known = policies.map((policy) => composePolicy(policy, registered.techniques, this.#session));
        const how = { ...this.#session, rng: run.rng };
        return this.#timed(policies.length * on.length, () => tablesThrough(model, known, on, pick, how));
      };
      return { value: await doing({ ...run, model, through }, args), cost: this.#cost };
    } finally {
      model.dispose();
    }
  }

  async outcome(trained: Trained, several: boolean): Promise<Outcome> {
    // What was measured of a model says nothing of a predictor around it.
    const fitted = this.#fitted.get(trained.model);
    const shown = fitted ?? [...this.#fitted.values()].at(-1);
    const metered = fitted?.metered ?? (await this.#score(trained.model, this.#session.data.validation));
    return {
      model: trained.model,
      metered,
      cost: this.#cost,
      points: shown?.points ?? [],
      imagesPerSecond: shown?.imagesPerSecond ?? 0,
      captured: shown?.captured ?? false,
      parameters: this.#parameters,
      checkpoint: several ? null : (fitted?.checkpoint ?? null),
    };
  }

  #keep(fitted: Fitted): Fitted {
    this.#fitted.set(fitted.model, fitted);
    return fitted;
  }
  #members(change: Inner): readonly Member[] {
    return [...this.#composition.members.filter(({ name }) => !change.without?.includes(name)), ...change.members];
  }
  /** The model that `change` trains, with its first weights. */
  async #build(change: Inner): Promise<ScaffoldModel> {
    const blueprint = change.model ?? this.#session.blueprint;
    const rewriting = this.#members(change).flatMap(({ hooks }) => (hooks.rewrite ? [hooks] : []));
    return this.#wrap(await blueprint.build(this.#rng(change).fork("init")), blueprint.fresh, rewriting);
  }
  #rng({ stream }: Inner): Rng {
    const root = createRng(this.#order.seed).fork("training");
    return stream === undefined ? root : root.fork("stream").fork(stream);
  }

  /** A training that was finished before: what it cost then is counted, what looking at it again costs is not. */
  async #restored(model: ScaffoldModel, checkpoint: Checkpoint): Promise<Fitted> {
    for (const state of restore(checkpoint, model.weights).values()) state.dispose();
    const kept = checkpoint.meta as unknown as Pick<
      Fitted,
      "score" | "cost" | "points" | "imagesPerSecond" | "captured" | "snapshot"
    >;
    this.#count(kept.cost);
    const metered = await scoreModel(model, this.#session.data.validation, this.#session);
    return { model, checkpoint, metered, ...kept };
  }

  async #wrap(
    model: Awaited<ReturnType<Blueprint["build"]>>,
    fresh: boolean,
    hooks: readonly Hooks[],
    own = true,
  ): Promise<ScaffoldModel> {
    const { scaffold, data, task, normalization } = this.#session;
    const rng = createRng(this.#order.seed).fork("wrap");
    const how = { hooks, format: data.train.format, classes: data.train.classes.length, task, rng };
    try {
      return await scaffold.wrap(model, { ...how, ...(fresh && { normalization }) });
    } finally {
      if (own) model.dispose();
    }
  }
  async #score(model: Predictor, on: Source): Promise<Metered> {
    return this.#timed(on.length, () => scoreModel(model, on, this.#session));
  }
  async #settle(model: ScaffoldModel, on: Source): Promise<void> {
    if (statisticsOf(model).length) await this.#timed(on.length, () => settle(model, on, this.#session));
  }
  async #timed<T>(images: number, work: () => Promise<T>): Promise<T> {
    const { result, cost } = await timed(images, work);
    this.#count(cost);
    return result;
  }
  #count(cost: Cost): void {
    this.#cost = addCost(this.#cost, cost);
    this.#session.spent(cost);
  }
  /** No technique may train more than its plan says. */
  #ask(images: number, what: string): void {
    if (this.#names.has(what))
      throw new RegimenError(
        "REG_HOOK",
        `two trainings are named "${what}"; give each call of next and run.fit its own`,
      );
    this.#names.add(what);
    this.#allow(images, what);
  }
  #allow(images: number, what: string): void {
    this.#asked += images;
    const allowed = this.#plan.images + this.#plan.batch;
    if (this.#asked > allowed)
      throw new RegimenError(
        "REG_PLAN_EXCEEDED",
        `"${what}" brings what was asked of this training to ${Math.round(this.#asked)} images, and its plan has ${Math.round(this.#plan.images)}; the technique must share plan.images among its trainings`,
      );
  }
  #kept(id: string): Uint8Array {
    const bytes = this.#session.store.get(id);
    if (!bytes)
      throw new RegimenError(
        "REG_RUN_MISMATCH",
        `the checkpoint "${id}" is not there; it was dropped, or belongs to another run`,
      );
    return bytes;
  }
}

/** Images that batch-normalisation statistics are good with: more would only cost. */
const ENOUGH_TO_SETTLE = 2000;
/** So many rows at the most, from all over a source. */
const some = (of: Source, most: number): Source =>
  of.length <= most ? of : of.subset(Array.from({ length: most }, (_, at) => Math.floor((at * of.length) / most)));

/** Where what a later span goes on from is kept, beside a snapshot. */
const chainKey = (snapshot: string): string => `chain/${snapshot}`;
