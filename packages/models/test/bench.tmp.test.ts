import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { createRng } from "@regimen/core";
import wasmPlugin, { wasm } from "@regimen/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { test } from "vitest";
import { classifier } from "../../scaffolds/classifier/src/index.ts";
import { smallCnn, classicCnn, resnet20, resnet20v2 } from "../src/index.ts";
void wasmPlugin;
const which = (process.env.ARCH ?? "small-cnn").split(",");
const W = Number(process.env.WIDTH ?? 1);
test("speed", async () => {
  console.log(await wasm.load());
  for (const a of [smallCnn, classicCnn, resnet20, resnet20v2].filter((a) => which.includes(a.name)))
    for (const [side, c] of [[28, 1], [32, 3]] as const) {
      const rng = createRng(1);
      const format = { h: side, w: side, c, range: [0, 255] } as const;
      const model = a.build({ format, classes: 10, seeds: () => rng.int(2 ** 31), with: { width: W } });
      const m = await classifier.wrap(model, { hooks: [], format, classes: 10, task: "classification", rng, normalization: { mean: Array(c).fill(100), std: Array(c).fill(60) } });
      const n = 64;
      const x = tf.randomUniform([n, side, side, c], 0, 255) as tf.Tensor4D;
      const y = tf.cast(tf.oneHot(Array.from({ length: n }, (_, i) => i % 10), 10), "float32");
      const vars = m.weights.filter((w) => w.role !== "statistic").map((w) => w.variable);
      const opt = tf.train.momentum(0.01, 0.9);
      const step = () => tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => tf.mean(m.loss(m.forward(x, { training: true }), { labels: y } as never, undefined as never)), vars);
        opt.applyGradients(grads); return value.dataSync()[0]!;
      });
      step(); step();
      const times: number[] = [];
      let l = 0;
      for (let i = 0; i < 12; i++) { const t = performance.now(); l = step(); times.push(performance.now() - t); }
      times.sort((a, b) => a - b);
      const inf: number[] = [];
      for (let i = 0; i < 6; i++) { const t = performance.now(); tf.tidy(() => m.forward(x).outputs.dataSync()); inf.push(performance.now() - t); }
      inf.sort((a, b) => a - b);
      const p = await tf.profile(() => { step(); return tf.scalar(0); });
      const byK: Record<string, number> = {};
      for (const k of p.kernels) byK[k.name] = (byK[k.name] ?? 0) + ((await k.kernelTimeMs) as number);
      console.log(a.name, side, "best", (n / times[0]! * 1000).toFixed(0), "median img/s", (n / times[6]! * 1000).toFixed(0), "infer", (n / inf[0]! * 1000).toFixed(0), "loss", l);
      console.log(Object.entries(byK).sort((a, b) => b[1] - a[1]).slice(0, 12).map(([k, v]) => `${k} ${v.toFixed(1)}`).join("  "));
    }
}, 300000);
