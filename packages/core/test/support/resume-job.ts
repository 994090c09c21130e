// A job for a process that will be killed. Arguments: the run's folder; and the number of the write at which it dies, if any.
// It says "ready" when it begins, and the training of every epoch that it really trains.
import fs from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import { createRegimen, type Request } from "@regimen/core";
import { script, technique, trial, uses } from "./jobs.ts";
import { plugin, samples } from "./world.ts";

/** A moving average, so that states matter. */
const average = technique({
  name: "test-average",
  order: { slot: "average" },
  create: () => ({
    average: (weights, step) =>
      Object.fromEntries(
        weights.map(({ name, variable }) => {
          const state = step.state(name, () => variable.clone());
          state.assign(tf.add(tf.mul(state, 0.8), tf.mul(variable, 0.2)));
          return [name, state];
        }),
      ),
  }),
});
/** A stage of its own, a teacher, a table, a student. */
const twice = technique({
  name: "test-twice",
  order: { slot: "pseudo", needs: ["unlabeled"] },
  create: () => ({
    async train(run, next) {
      const images = run.plan.images / 4;
      const built = await run.blueprint.build(run.rng.fork("init"));
      const model = await run.scaffold(built);
      built.dispose();
      await run.fit({
        name: "warm",
        data: run.data.train,
        plan: { images },
        weights: model.weights,
        step: (batch, step) => ({
          loss: step.minimize(
            () => tf.mean(model.loss(model.forward(batch.images, { training: true, step }), batch, step)) as Scalar,
            model.weights,
            run.optimizer("adam"),
          ),
        }),
      });
      const from = await run.snapshot("warm", model.weights);
      model.dispose();
      const teacher = await next({ name: "teacher", from, plan: { images } });
      const unlabeled = run.data.unlabeled!;
      const table = await run.table("pseudo", teacher.model, unlabeled, ({ outputs }) => ({
        p: tf.softmax(outputs as Tensor2D),
      }));
      teacher.model.dispose();
      const source = unlabeled.relabel(table.columns["p"]!.values);
      return next({
        name: "student",
        plan: { images: 2 * images },
        extra: [{ source, ratio: 0.5, of: "set" }],
        stream: "student",
      });
    },
  }),
});

const noisy = uses(["test-noise", { m: 0.05, rr: 0.5 }], "test-average");
const requests: Request[] = [
  trial("plain", { until: 200, keep: "plain" }),
  trial("noisy", { until: 200, policy: noisy, keep: "noisy" }),
  trial("rung", { until: 400, policy: noisy, from: "noisy", keep: "rung", drop: ["plain", "noisy"] }),
  trial("twice", { until: 300, policy: uses("test-twice", "test-average") }),
  trial("fork", { until: 400, from: "/trunk", policy: noisy }),
];

function dieAtWrite(number: number): void {
  let writes = 0;
  const dies = (): boolean => ++writes === number;
  const die = (): never => {
    process.kill(process.pid, "SIGKILL");
    for (;;);
  };
  const { writeSync, renameSync, appendFileSync, rmSync, mkdirSync } = fs;
  /* Each does a half of its work, or none, and never comes back. */
  fs.writeSync = ((file: number, data: Uint8Array | string, ...rest: unknown[]) => {
    if (!dies()) return (writeSync as (...all: unknown[]) => number)(file, data, ...rest);
    const bytes = Buffer.from(data as string);
    writeSync(file, bytes.subarray(0, bytes.length >> 1));
    return die();
  }) as typeof fs.writeSync;
  fs.appendFileSync = (file, data, options) => {
    if (!dies()) return appendFileSync(file, data, options);
    const bytes = Buffer.from(data as string);
    appendFileSync(file, bytes.subarray(0, bytes.length >> 1));
    return die();
  };
  fs.renameSync = (from, to) => (dies() ? die() : renameSync(from, to));
  fs.rmSync = (path, options) => (dies() ? die() : rmSync(path, options));
  fs.mkdirSync = ((path: string, options: { recursive: true }) =>
    dies() ? die() : mkdirSync(path, options)) as typeof fs.mkdirSync;
}

async function main(out: string, dies: number): Promise<void> {
  // A clock that runs a thousand times faster: every epoch's end is late enough for a checkpoint.
  const now = performance.now.bind(performance);
  performance.now = () => 1000 * now();
  await tf.setBackend("cpu");
  const regimen = await createRegimen({
    plugins: [plugin((registry) => [average, twice].forEach((one) => registry.technique(one)))],
    backend: "current",
  });
  const learner = { ...script(requests), best: () => uses(["test-noise", { m: 0.05, rr: 0.5 }], "test-twice") };
  const resume = fs.existsSync(join(out, "run.json"));
  process.stdout.write("ready\n");
  if (dies) dieAtWrite(dies);
  const running = regimen.train({
    model: { architecture: "tiny" },
    data: {
      train: samples(200),
      validation: samples(60, 2),
      test: samples(40, 3),
      unlabeled: { ...samples(100, 4), labels: () => undefined },
    },
    training: { epochs: 4, batchSize: 20, learningRate: 0.05, optimizer: "sgd" },
    metalearner: learner,
    search: { budget: 4 },
    seed: 5,
    out,
    resume,
  });
  for await (const event of running) if (event.kind === "epoch") process.stdout.write(`epoch ${event.training}\n`);
  await running;
}
void main(process.argv[2]!, Number(process.argv[3] ?? 0)).catch((error: unknown) => {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
});
