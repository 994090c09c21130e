import * as tf from "@tensorflow/tfjs-core";
import type { Hooks, Member, Rng, Step } from "@regimen/core";

/** What tfjs' engine offers to a spy; its own type hides it. */
type Engine = {
  startScope(name?: string): void;
  makeTensor(values: unknown, shape: number[], dtype?: string, backend?: unknown): unknown;
  runKernel(kernel: string, inputs: unknown, attrs?: unknown): unknown;
  readSync(id: object): unknown;
  read(id: object): unknown;
};
const engine = (): Engine => tf.engine() as unknown as Engine;

type Restore = () => void;
function replace<T extends object, K extends keyof T>(of: T, key: K, make: (original: T[K]) => T[K]): Restore {
  const original = of[key];
  const own = Object.hasOwn(of, key);
  of[key] = make(original);
  return () => {
    if (own) of[key] = original;
    else delete of[key];
  };
}

const RANDOM_OPS = /^(rand|random\w*|truncatedNormal|multinomial|dropout)__op$/;

/** Whether `work` asks for Math.random. */
export async function usesMathRandom(work: () => Promise<unknown>): Promise<boolean> {
  let used = false;
  const undo = replace(Math, "random", (original) => () => {
    used = true;
    return original();
  });
  try {
    await work();
  } finally {
    undo();
  }
  return used;
}

/** What happened inside hooks that a captured step would bake in, in order, and what it cannot capture at all. */
export type Recording = {
  readonly constants: readonly string[];
  /** Hooks that read a tensor on the host. */ readonly reads: readonly string[];
  /** Random sources that are not the run's own. */ readonly random: readonly string[];
};

/** Watches hooks, but not what they call back into: the inner loss, the gradients, the step's own random numbers. */
export class Recorder {
  readonly #constants: string[] = [];
  readonly #reads: string[] = [];
  readonly #random = new Set<string>();
  #depth: readonly string[] = [];

  /** Runs `work` with tfjs watched. */
  async record(work: () => Promise<unknown>): Promise<Recording> {
    const note = (text: () => string): void => {
      const place = this.#depth.at(-1);
      if (place) this.#constants.push(`${place}: ${text()}`);
    };
    const noteRead = (): void => {
      const place = this.#depth.at(-1);
      if (place) this.#reads.push(place);
    };
    const noteRandom = (source: string): void => {
      if (this.#depth.length) this.#random.add(source);
    };
    const restore = [
      replace(Math, "random", (original) => () => {
        noteRandom("Math.random");
        return original();
      }),
      // Every op of tfjs opens a scope of its name: the functions themselves cannot be replaced in a module.
      replace(engine(), "startScope", (original) => (name) => {
        if (name && RANDOM_OPS.test(name)) noteRandom(`tf.${name.slice(0, -"__op".length)}`);
        return original.call(engine(), name);
      }),
      replace(engine(), "makeTensor", (original) => (values, shape, dtype, backend) => {
        note(() => `a ${dtype ?? "float32"} tensor [${shape.join(", ")}] of ${told(values)}`);
        return original.call(engine(), values, shape, dtype, backend);
      }),
      replace(engine(), "runKernel", (original) => (kernel, inputs, attrs) => {
        note(() => `${kernel} with ${told(attrs)}`);
        return original.call(engine(), kernel, inputs, attrs);
      }),
      replace(engine(), "readSync", (original) => (id) => {
        noteRead();
        return original.call(engine(), id);
      }),
      replace(engine(), "read", (original) => (id) => {
        noteRead();
        return original.call(engine(), id);
      }),
    ];
    try {
      await work();
    } finally {
      for (const undo of restore.toReversed()) undo();
    }
    const random = [...this.#random];
    this.#random.clear();
    return { constants: this.#constants.splice(0), reads: this.#reads.splice(0), random };
  }

  inside<T>(place: string, work: () => T): T {
    return this.#at([...this.#depth, place], work);
  }
  outside<T>(work: () => T): T {
    return this.#at([], work);
  }
  #at<T>(depth: readonly string[], work: () => T): T {
    const before = this.#depth;
    this.#depth = depth;
    try {
      return work();
    } finally {
      this.#depth = before;
    }
  }

  /** The member with its hooks watched. */
  watch(member: Member): Member {
    const { rewrite, draw, batch, loss, optimizer, average } = member.hooks;
    const hooks: Hooks = {
      ...member.hooks,
      ...(rewrite && { rewrite: (topology) => this.inside("rewrite", () => rewrite.call(member.hooks, topology)) }),
      ...(draw && { draw: (rng, shape) => this.inside("draw", () => draw.call(member.hooks, rng, shape)) }),
      ...(batch && {
        batch: (given, step) => this.inside("batch", () => batch.call(member.hooks, given, this.view(step))),
      }),
      ...(loss && {
        loss: (inner) => {
          const outer = loss.call(member.hooks, (seen, given, step) => this.outside(() => inner(seen, given, step)));
          return (seen, given, step) => this.inside("loss", () => outer(seen, given, this.view(step)));
        },
      }),
      ...(optimizer && {
        optimizer: (inner) => {
          const outer = optimizer.call(member.hooks, (evaluate, weights, step) =>
            this.outside(() => inner(evaluate, weights, step)),
          );
          return (evaluate, weights, step) =>
            this.inside("optimizer", () => outer((how) => this.outside(() => evaluate(how)), weights, this.view(step)));
        },
      }),
      ...(average && {
        average: (weights, step) => this.inside("average", () => average.call(member.hooks, weights, this.view(step))),
      }),
    };
    return { ...member, hooks };
  }

  /** The step, whose own work is not the technique's. */
  view(step: Step): Step {
    return {
      ...step,
      rate: (part) => this.outside(() => step.rate(part)),
      uniform: (name, shape) => this.outside(() => step.uniform(name, shape)),
      normal: (name, shape) => this.outside(() => step.normal(name, shape)),
      of: (name) => this.view(step.of(name)),
      gradients: (loss, weights) => this.outside(() => step.gradients(loss, weights)),
      minimize: (loss, weights, optimizer) => this.outside(() => step.minimize(loss, weights, optimizer)),
      log: (name, value) => this.outside(() => step.log(name, value)),
    };
  }
}

/** Numbers and attributes as text: long enough to tell two apart, short enough to read. */
function told(value: unknown): string {
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (ArrayBuffer.isView(item)) return [...(item as Float32Array)].map(plainNumber);
    return typeof item === "function" ? "a function" : plainNumber(item);
  });
  return text === undefined ? "nothing" : text.length > 300 ? `${text.slice(0, 250)}… (${checksum(text)})` : text;
}
/** JSON has no NaN, infinities or tensors. */
const plainNumber = (item: unknown): unknown => {
  if (typeof item === "number" && !Number.isFinite(item)) return String(item);
  return item instanceof tf.Tensor ? "a tensor" : item;
};
const checksum = (text: string): number => {
  let sum = 7;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
};

/** Whether a step's random numbers were asked for. */
export function watchRandom(step: Step, used: () => void): Step {
  return {
    ...step,
    uniform: (name, shape) => (used(), step.uniform(name, shape)),
    normal: (name, shape) => (used(), step.normal(name, shape)),
    of: (name) => watchRandom(step.of(name), used),
  };
}

/** The member, with notice when its draw asks for a random number. */
export function watchDraws(member: Member, used: () => void): Member {
  const { draw } = member.hooks;
  if (!draw) return member;
  const watch = (rng: Rng): Rng => ({
    fork: (key) => watch(rng.fork(key)),
    uniform: () => (used(), rng.uniform()),
    int: (n) => (used(), rng.int(n)),
    normal: () => (used(), rng.normal()),
    beta: (a, b) => (used(), rng.beta(a, b)),
    permutation: (n) => (used(), rng.permutation(n)),
    seed: () => (used(), rng.seed()),
  });
  return { ...member, hooks: { ...member.hooks, draw: (rng, shape) => draw.call(member.hooks, watch(rng), shape) } };
}
