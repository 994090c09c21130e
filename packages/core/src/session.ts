import {
  RegimenError,
  namedParams,
  nearest,
  parseNamed,
  type Blueprint,
  type Change,
  type Cost,
  type Fragment,
  type Metered,
  type Optimizer,
  type Params,
  type Plan,
  type Point,
  type PolicyTrain,
  type Predictor,
  type Regimen,
  type RegimenEvent,
  type Run,
  type Scaffold,
  type Task,
  type Trained,
} from "@regimen/contracts";
import type { Checkpoint, Store } from "@regimen/run-folder";
import type { Repeating } from "@regimen/steps";
import type { Member } from "@regimen/composition";
import { positionOf } from "./stage.ts";

/** What every training of a job shares. */
export interface Session extends Repeating {
  readonly registered: Regimen["registered"];
  readonly scaffold: Scaffold;
  readonly blueprint: Blueprint;
  readonly data: Run["data"];
  readonly task: Task;
  readonly facts: readonly string[];
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly settings: PolicyTrain;
  readonly store: Store;
  readonly signal: AbortSignal;
  emit(event: RegimenEvent): void;
  readonly show: Run["show"];
  /** Counts work as it is done: what the time left is told from. */ spent(cost: Cost): void;
  secondsLeft(running?: { readonly images: number; readonly imagesPerSecond: number }): number | null;
}

/** One training that a job wants. */
export interface Order {
  readonly key: string;
  readonly policy: Fragment;
  readonly seed: number;
  /** In images from the beginning of its chain. */ readonly until: number;
  readonly horizon: number;
  /** Where a schedule of its own begins, past its warm-up, when it goes on from a checkpoint; else 0. */ readonly origin?: number;
  readonly from?: Checkpoint;
  /** Scores the validation split after each epoch. */ readonly validate: boolean;
  /** Keeps the result in the store, so that it is never trained again. */ readonly lasting: boolean;
}
/** The caller owns `model`. `checkpoint`: weights and states as they ended; null after a policy of several trainings. */
export interface Outcome {
  readonly model: Predictor;
  readonly metered: Metered;
  readonly cost: Cost;
  readonly points: readonly Point[];
  readonly imagesPerSecond: number;
  readonly parameters: number;
  /** Whether its steps were recorded. */ readonly captured: boolean;
  readonly checkpoint: Checkpoint | null;
}

/** A change as it reaches the innermost training: the changes of all trainers around it, joined. */
export type Inner = Omit<Change, "hooks" | "slot"> & { readonly members: readonly Member[]; readonly path: string };
/** What the innermost training gives. */
export type Fitted = Trained & {
  readonly metered: Metered;
  readonly points: readonly Point[];
  readonly imagesPerSecond: number;
  readonly captured: boolean;
  readonly checkpoint: Checkpoint;
};

export function optimizerNamed(session: Pick<Session, "registered">, use: string, params: Params = {}): Optimizer {
  const found = session.registered.optimizers.find((optimizer) => optimizer.name === use);
  if (found) return found.create(namedParams(found, params));
  const known = session.registered.optimizers.map((optimizer) => optimizer.name);
  throw new RegimenError("REG_OPTIMIZER_UNKNOWN", `there is no optimizer "${use}"; ${told(use, known)}`);
}
export function scheduleNamed(
  session: Pick<Session, "registered">,
  { use, with: params }: Plan["schedule"],
): (progress: number) => number {
  const found = session.registered.schedules.find((schedule) => schedule.name === use);
  if (found) {
    const complete = namedParams(found, params);
    return (progress) => found.at(progress, complete);
  }
  const known = session.registered.schedules.map((schedule) => schedule.name);
  throw new RegimenError("REG_SCHEDULE_UNKNOWN", `there is no schedule "${use}"; ${told(use, known)}`);
}
/** The progress at which a schedule is first at its highest, to a hundredth. */
export function peakOf(schedule: (progress: number) => number): number {
  const rates = Array.from({ length: 100 }, (_, at) => schedule(at / 100));
  return rates.indexOf(Math.max(...rates)) / 100;
}
const told = (got: string, known: readonly string[]): string => {
  const near = nearest(got, known);
  return near ? `the nearest is "${near}"` : `there are ${known.join(", ")}`;
};

export function planOf(session: Session, { policy, until, from }: Order): Plan {
  const settings = { ...session.settings, ...policy.train } as PolicyTrain;
  return {
    images: Math.max(0, until - positionOf(from).position),
    batch: settings.batchSize,
    optimizer: parseNamed(settings.optimizer),
    rates: { default: settings.learningRate },
    schedule: parseNamed(settings.schedule),
  };
}
