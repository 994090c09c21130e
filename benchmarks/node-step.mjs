// Training steps on tfjs-node, op by op (Regimen captures whole steps, which is faster still): the ops of tfjs' users against
// the primitives of @regimen/ops with @regimen/backend-node's kernels. Needs a tfjs-node that shares our tfjs-core:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/node-step.mjs [resnet20] [cnn]
import { backend, composed, described, measure, models, primitives } from "./steps.mjs";

const wanted = process.argv.slice(2);
const { node } = await backend("node");
console.log((await node.load()).device);
for (const [name, model] of Object.entries(models)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const before = described(measure(model, composed, model.steps[1]));
  console.log(`${name}: before ${before}, after ${described(measure(model, primitives, model.steps[1]))}`);
}
