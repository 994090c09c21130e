import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import type { Source } from "./data.ts";
import type { Cost, Json, Params, Score } from "./json.ts";
import type { Forward, ScaffoldModel } from "./model.ts";
import type { Axis, Run, Table, TechniqueMeta } from "./technique.ts";

/** Why something is not to be used, and what shows it. */
export type Refusal = { readonly because: string; readonly evidence: Json };

/** A part of a policy: techniques with their hyperparameters, training settings, and what is not to be used. */
export type Fragment = {
  readonly steps: readonly { readonly use: string; readonly with: Params }[];
  readonly train?: Params;
  readonly refused?: readonly ({ readonly use: string } & Refusal)[];
};

/** What a metalearner is to solve. `plain`: the cost of one plain run. `budget`: what the search may spend. */
export type Problem = {
  readonly techniques: readonly TechniqueMeta[];
  /** Training settings that are open ("learningRate", …). */ readonly train: { readonly [setting: string]: Axis };
  /** What is already decided; every request builds on it. */ readonly base: Fragment;
  /** Policies worth trying first. */ readonly warm?: readonly Fragment[];
  /** Hyperparameters that the user fixed, by technique. */ readonly fixed?: { readonly [use: string]: Params };
  readonly facts: { readonly [key: string]: Json };
  readonly plain: Cost;
  readonly budget: Cost;
  readonly seed: number;
};

export type Request =
  | {
      readonly kind: "trial";
      readonly id: string;
      readonly policy: Fragment;
      /** Images after which it pauses, counted from the beginning of its chain of `from`s. */ readonly until: number;
      /** Images at which its schedule ends; a plain run's unless told. */ readonly horizon?: number;
      /**
       * Images at which its schedule begins: a fork's own position, where it is to have a schedule of its own; else 0. What
       * goes on from a training has been warmed up: there the schedule begins at its peak.
       */
      readonly origin?: number;
      /** Goes on from what an earlier trial kept: a rung, or a fork if the policy differs. */ readonly from?: string;
      /** Keeps a checkpoint under this name. */ readonly keep?: string;
      /** Checkpoints that nobody will ask for again. */ readonly drop?: readonly string[];
      readonly seed: number;
    }
  | {
      readonly kind: "measure";
      readonly id: string;
      readonly use: string;
      readonly with: Json;
      readonly policy: Fragment;
      readonly from?: string;
      readonly atMost: Cost;
    }
  | { readonly kind: "wait" }
  /** Only with nothing outstanding. `ok: false` lets `fallback` try the next. `why`: what was left undone, for a person; the report has it. */
  | { readonly kind: "done"; readonly ok: boolean; readonly why?: string };

/** Told in the order asked. `stopped`, in the report, is a trial whose rung was its last. */
export type Answer = {
  readonly id: string;
  readonly status: "ok" | "failed" | "over-budget";
  readonly score?: Score;
  readonly value?: Json;
  readonly cost: Cost;
  readonly why?: string;
};

/** What only the device can tell (probes, throughput, noise scale): the effect lives here, the answer is small JSON. */
export type Measure = (run: Run & Probing, args: Json) => Promise<Json>;
export interface Probing {
  readonly model: ScaffoldModel;
  /**
   * Inference over a source as the `batch` hooks of policies change it, one table a policy, the same draws for each: as
   * `table`, but nothing is kept. The policies use the same techniques, at other values: one recording serves them all.
   */
  through(
    policies: readonly Fragment[],
    on: Source,
    pick: (seen: Forward) => NamedTensorMap,
  ): Promise<readonly Table[]>;
}

/**
 * Pure: JSON in, JSON out. It can be stopped, resumed, replayed and spread over machines. `claims` says which techniques and
 * training settings it decides; in a composition the first that claims one has it.
 */
export interface MetaLearner<S extends Json = Json> {
  readonly name: string;
  /** By full name: "<package>/<measure>". */ readonly measures?: Readonly<Record<string, Measure>>;
  claims(what: TechniqueMeta | { readonly train: string }): boolean;
  init(problem: Problem): S;
  ask(state: S): readonly [Request, S];
  tell(state: S, answer: Answer): S;
  /** The best policy so far, `problem.base` included. */ best(state: S): Fragment;
}
