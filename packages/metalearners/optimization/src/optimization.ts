import {
  imagesSeen,
  mergeFragments,
  parseNamed,
  zeroCost,
  type Answer,
  type Axis,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Params,
  type Problem,
  type Request,
} from "@regimen/core";
import { checkOptions } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { batchFor, between, enough, peakRate, type NoiseScale } from "./choose.ts";
import {
  WARM,
  noise,
  range,
  throughput,
  type NoiseArgs,
  type RangeAnswer,
  type RangeArgs,
  type ThroughputAnswer,
  type ThroughputArgs,
} from "./measures.ts";

export type OptimizationOptions = {
  /** What it may spend, in plain runs. 0 to 1. */ readonly share?: number;
};
const AXES: { readonly [K in keyof Required<OptimizationOptions>]: NumberAxis } = {
  share: { kind: "value", range: [0, 1], default: 0.1 },
};

/** The questions, in order, and which part of the share each may take. */
const PARTS = { throughput: 0.35, range: 0.4, noise: 0.25 } as const;
type Question = keyof typeof PARTS;
const QUESTIONS = Object.keys(PARTS) as Question[];

export type OptimizationState = {
  readonly problem: Problem;
  readonly at: number;
  readonly waiting: boolean;
  readonly spent: number;
  /** In images. */ readonly limit: number;
  readonly batch: number;
  readonly rate: number;
  readonly found: Params;
};

const SIZES = [16, 32, 64, 128, 256, 512] as const;
/** Steps that are timed, that a range test needs, that measure the noise. */
const [TIMED, FEWEST, MOST, NOISY] = [3, 25, 50, 6];
/** A batch holds at most this share of the images: an epoch of few steps learns little, however fast it is. */
const SHARE_OF_SET = 1 / 50;

const nameOf = (question: Question): string => `${manifest.name}/${question}`;
const openNumber = (problem: Problem, key: string): NumberAxis | undefined => {
  const axis: Axis | undefined = problem.train[key];
  return axis && axis.kind !== "choice" && axis.kind !== "text" ? axis : undefined;
};

function init(problem: Problem, { share = AXES.share.default }: OptimizationOptions): OptimizationState {
  const { batchSize, learningRate } = problem.facts as { batchSize?: number; learningRate?: number };
  return {
    problem,
    at: 0,
    waiting: false,
    spent: 0,
    limit: Math.min(imagesSeen(problem.budget), share * imagesSeen(problem.plain)),
    batch: batchSize ?? openNumber(problem, "batchSize")?.default ?? 64,
    rate: learningRate ?? openNumber(problem, "learningRate")?.default ?? 0,
    found: {},
  };
}

/** What a question would be asked with; undefined where it is not open, or the budget does not pay for an answer. */
function argsOf(state: OptimizationState, question: Question): Json | undefined {
  const { problem, limit, batch, rate } = state;
  const images = Math.min(PARTS[question] * limit, limit - state.spent);
  const sizeAxis = openNumber(problem, "batchSize");
  if (question === "throughput") {
    if (!sizeAxis) return undefined;
    const most = Math.min(sizeAxis.range[1], Number(problem.facts["images"] ?? 0) * SHARE_OF_SET);
    const sizes: number[] = [];
    for (const size of SIZES)
      if (
        size >= sizeAxis.range[0] &&
        size <= most &&
        [...sizes, size].reduce((a, b) => a + b) * (WARM + TIMED) <= images
      )
        sizes.push(size);
    return sizes.length > 1 ? ({ sizes, steps: TIMED } satisfies ThroughputArgs) : undefined;
  }
  if (question === "range") {
    const axis = openNumber(problem, "learningRate");
    const steps = Math.min(MOST, Math.floor(images / batch));
    if (!axis || steps < FEWEST) return undefined;
    const [lo, hi] = axis.range;
    return { size: batch, steps, from: lo / 30, to: hi * 30 } satisfies RangeArgs;
  }
  const warm = Math.floor(images / batch) - NOISY;
  return sizeAxis && warm >= 2 * NOISY
    ? ({ size: batch, rate, warm: Math.min(warm, MOST), steps: NOISY } satisfies NoiseArgs)
    : undefined;
}

function ask(state: OptimizationState): readonly [Request, OptimizationState] {
  if (state.waiting) return [{ kind: "wait" }, state];
  const question = QUESTIONS[state.at];
  if (!question) return [{ kind: "done", ok: true }, state];
  const args = argsOf(state, question);
  if (args === undefined) return ask({ ...state, at: state.at + 1 });
  return [
    {
      kind: "measure",
      id: question,
      use: nameOf(question),
      with: args,
      policy: mergeFragments(state.problem.base, { steps: [], train: state.found }),
      atMost: { ...zeroCost, trained: Math.ceil(PARTS[question] * state.limit) },
    },
    { ...state, waiting: true },
  ];
}

function tell(state: OptimizationState, answer: Answer): OptimizationState {
  const question = QUESTIONS[state.at]!;
  const next = { ...state, at: state.at + 1, waiting: false, spent: state.spent + imagesSeen(answer.cost) };
  if (answer.status !== "ok" || answer.value == null) return next;
  const args = argsOf(state, question);
  if (question === "throughput") {
    const { sizes } = args as unknown as ThroughputArgs;
    const size = enough(sizes, (answer.value as unknown as ThroughputAnswer).imagesPerSecond);
    return size === undefined ? next : resized(next, size);
  }
  if (question === "range") {
    const { rates, losses } = answer.value as unknown as RangeAnswer;
    const [lo, hi] = openNumber(state.problem, "learningRate")!.range;
    const rate = peakRate(rates, losses);
    if (rate === undefined) return next;
    const learningRate = Number(Math.min(hi, Math.max(lo, between(state.rate, rate))).toPrecision(2));
    return { ...next, rate: learningRate, found: { ...next.found, learningRate } };
  }
  const { scale } = answer.value as unknown as NoiseScale;
  return scale === null ? next : resized(next, batchFor(scale, state.batch));
}

/** Another batch size, and the rate that goes with it: in proportion for SGD, by the root for optimizers that divide by the gradient's size. */
function resized(state: OptimizationState, size: number): OptimizationState {
  const { problem, batch, rate } = state;
  if (size === batch) return { ...state, found: { ...state.found, batchSize: size } };
  const { use } = parseNamed(String(problem.facts["optimizer"] ?? "sgd"));
  const scaled = rate * (use === "sgd" ? size / batch : Math.sqrt(size / batch));
  const axis = openNumber(problem, "learningRate");
  const learningRate = axis && Number(Math.min(axis.range[1], Math.max(axis.range[0], scaled)).toPrecision(2));
  return {
    ...state,
    batch: size,
    rate: learningRate ?? rate,
    found: { ...state.found, batchSize: size, ...(learningRate !== undefined && { learningRate }) },
  };
}

/**
 * Batch size and learning rate for a tenth of a plain run: the smallest batch that trains fast, a range test for the rate, the
 * gradient noise scale for the batch. Asked before anything else is trained, so that the plain run has them too. Errors: REG_PARAM*.
 */
export function createOptimization(
  options: { readonly [option: string]: Json | undefined } = {},
): MetaLearner<OptimizationState> {
  const checked = checkOptions<OptimizationOptions>("optimization", AXES, options);
  return {
    name: "optimization",
    measures: { [nameOf("throughput")]: throughput, [nameOf("range")]: range, [nameOf("noise")]: noise },
    claims: (what) => "train" in what && ["batchSize", "learningRate"].includes(what.train),
    init: (problem) => init(problem, checked),
    ask,
    tell,
    best: ({ problem, found }): Fragment => mergeFragments(problem.base, { steps: [], train: found }),
  };
}
