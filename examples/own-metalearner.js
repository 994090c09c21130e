// A metalearner of your own, composed with another: mirror or not is settled first, by two short trainings; random search
// decides the rest with the budget that is left.
import { createRegimen, sequence } from "@regimen/core";
import random from "@regimen/metalearner-random";
import augment from "@regimen/technique-augment";
import mixup from "@regimen/technique-mixup";
import { basics, clothes, percent } from "./shared.js";

const MIRROR = "@regimen/technique-augment/mirror";
/** Pure: its state is JSON, and every request and answer passes through it. */
const mirrorFirst = {
  name: "mirror-first",
  claims: (what) => what.name === MIRROR,
  init: (problem) => ({ problem, asked: 0, losses: [] }),
  ask(state) {
    if (state.losses.length === 2) return [{ kind: "done", ok: true }, state];
    if (state.asked > state.losses.length) return [{ kind: "wait" }, state];
    const { base, plain, seed } = state.problem;
    const steps = state.asked === 0 ? base.steps : [...base.steps, { use: MIRROR, with: {} }];
    const until = plain.trained / 8;
    const trial = { kind: "trial", id: `${state.asked}`, policy: { ...base, steps }, until, horizon: until, seed };
    return [trial, { ...state, asked: state.asked + 1 }];
  },
  tell: (state, answer) => ({ ...state, losses: [...state.losses, answer.score?.loss ?? Infinity] }),
  best({ problem: { base }, losses: [without, mirrored] }) {
    return mirrored < without ? { ...base, steps: [...base.steps, { use: MIRROR, with: {} }] } : base;
  },
};

const regimen = await createRegimen({ plugins: [...basics, augment, mixup, random] });
const running = regimen.train({
  model: { architecture: "small-cnn" },
  data: await clothes(regimen),
  metalearner: sequence(mirrorFirst, random()),
  training: { epochs: 4 },
  seed: 2,
});
for await (const event of running)
  if (event.kind === "trial") console.log(event.name, event.score ? event.score.loss.toFixed(3) : event.status);
const { model, policy, report } = await running;
console.log(
  "policy",
  policy.steps
    .filter((step) => !step.refused)
    .map((step) => step.use)
    .join(", ") || "plain",
);
console.log(
  "test error",
  percent(report.error.baseline),
  "→",
  percent(report.error.regimen),
  `(${report.error.verdict})`,
);
model.dispose();
await regimen.dispose();
