import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { createRng } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { test } from "vitest";
import { classifier } from "../../scaffolds/classifier/src/index.ts";
import { Blocks, type How } from "../src/blocks.ts";
const D = "/usr/share/datasets/fashion-mnist/";
const gz = (f: string) => gunzipSync(readFileSync(D + f));
const variants: Record<string, (b: Blocks, h: How) => tfl.LayersModel> = {};
const mk = (name: string, f: number[], head: "flat" | "gap", extra: { dense?: number; doubled?: boolean; stem?: number } = {}) => (variants[name] = (b, h) => {
  const im = b.input(h); let x = im;
  f.forEach((n, i) => {
    x = b.convNormRelu(x, `b${i}`, n, i === 0 && extra.stem ? extra.stem : 3);
    if (extra.doubled && i > 0) x = b.convNormRelu(x, `b${i}x`, n, 3);
    if (i < f.length - 1 || head === "flat") x = b.maxPool(x, `p${i}`, 2, 2);
  });
  x = head === "flat" ? b.flatten(x) : b.averagePool(x);
  if (extra.dense) x = b.dense(x, "d", extra.dense);
  return b.model("m", im, x, h.classes);
});
mk("A16", [16, 32, 64], "flat");
mk("B24", [24, 48, 96], "flat");
mk("B32", [32, 64, 128], "flat");
mk("F16gap", [16, 32, 64], "gap");
mk("C32gap", [32, 64, 128], "gap");
mk("D2x", [16, 32, 64], "flat", { doubled: true });
mk("A16d", [16, 32, 64], "flat", { dense: 128 });
mk("T2", [16, 32], "flat");
const EP = Number(process.env.EP ?? 5), NTR = Number(process.env.NTR ?? 4000), SEEDS = Number(process.env.SEEDS ?? 2), LR = Number(process.env.LR ?? 0.1), NB = Number(process.env.NB ?? 64);
test("acc", async () => {
  await wasm.load();
  const tx = gz("train-images-idx3-ubyte.gz").subarray(16), ty = gz("train-labels-idx1-ubyte.gz").subarray(8), ex = gz("t10k-images-idx3-ubyte.gz").subarray(16), ey = gz("t10k-labels-idx1-ubyte.gz").subarray(8);
  const px = 784;
  for (const name of (process.env.V ?? Object.keys(variants).join(",")).split(",")) for (let seed = 0; seed < SEEDS; seed++) {
    const rng = createRng(seed);
    const format = { h: 28, w: 28, c: 1, range: [0, 255] } as const;
    const how: How = { format, classes: 10, seeds: () => rng.int(2 ** 31), with: {} };
    const model = variants[name]!(new Blocks(how), how);
    const m = await classifier.wrap(model, { hooks: [], format, classes: 10, task: "classification", rng, normalization: { mean: [73], std: [90] } });
    const train = m.weights.filter((w) => w.role !== "statistic");
    const vel = train.map((w) => tf.variable(tf.zerosLike(w.variable), false));
    const steps = Math.floor(NTR / NB) * EP; let s = 0; let secs = 0;
    for (let e = 0; e < EP; e++) {
      const order = rng.permutation(NTR);
      for (let b = 0; b + NB <= NTR; b += NB, s++) {
        const xb = new Float32Array(NB * px), yb = new Float32Array(NB * 10);
        for (let i = 0; i < NB; i++) { const r = order[b + i]!; xb.set(tx.subarray(r * px, (r + 1) * px), i * px); yb[i * 10 + ty[r]!] = 1; }
        const lr = LR * (NB / 128) * Math.min(1, s / (0.05 * steps)) * 0.5 * (1 + Math.cos(Math.PI * s / steps));
        const t0 = performance.now();
        tf.tidy(() => {
          const x = tf.tensor4d(xb, [NB, 28, 28, 1]), y = tf.tensor2d(yb, [NB, 10]);
          const { grads, value } = tf.variableGrads(() => tf.mean(m.loss(m.forward(x, { training: true }), { labels: y } as never, undefined as never)), train.map((w) => w.variable));
          train.forEach((w, i) => { let g = grads[w.variable.name]!; if (w.role === "kernel") g = tf.add(g, tf.mul(w.variable, 5e-4)); vel[i]!.assign(tf.add(tf.mul(vel[i]!, 0.9), g)); w.variable.assign(tf.sub(w.variable, tf.mul(tf.add(g, tf.mul(vel[i]!, 0.9)), lr))); });
          value.dataSync();
        });
        secs += (performance.now() - t0) / 1000;
      }
    }
    let wrong = 0;
    for (let b = 0; b < 10000; b += 500) { const lg = tf.tidy(() => tf.argMax(m.forward(tf.tensor4d(Float32Array.from(ex.subarray(b * px, (b + 500) * px)), [500, 28, 28, 1])).outputs, 1).dataSync()); lg.forEach((p, i) => { if (p !== ey[b + i]) wrong++; }); }
    console.log(name, "seed", seed, "params", m.parameters, "err %", (wrong / 100).toFixed(2), "img/s", (steps * NB / secs).toFixed(0));
    m.dispose(); model.dispose(); vel.forEach((v) => v.dispose());
  }
}, 600000);
