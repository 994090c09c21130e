// Whether a search asks the same, and finds the same, with four requests outstanding as with one: 20 seeds, two budgets.
import { createRegimen, createRng } from "regimen";
import { madeUpProblem, simulate } from "@regimen/testkit";

const SEEDS = 20;
const BUDGETS = [1, 4];

const measures = {
  "@regimen/metalearner-optimization/range": () => ({ rates: [0.1], losses: [2.3] }),
  "@regimen/metalearner-regularization/probe": () => ({ probed: [] }),
};
/** A tenth off the loss where anything is on, and the noise of short trainings. */
const surface = (policy, images, seed) =>
  (0.6 + 20 / Math.sqrt(images + 100)) *
  (policy.steps.length > 1 ? 0.9 : 1) *
  (1 + 0.02 * createRng(`${seed} ${images} ${JSON.stringify(policy)}`).normal());

export async function same() {
  const { registered } = await createRegimen({ backend: "cpu" });
  console.log("| metalearner | same policy | same requests |\n| --- | --- | --- |");
  // A grid is told what to try; it asks for all of it whatever it is told.
  for (const { name, create } of registered.metalearners.filter((one) => one.name !== "grid")) {
    let [policies, requests] = [0, 0];
    for (let seed = 0; seed < SEEDS; seed++)
      for (const budget of BUDGETS) {
        const cost = { trained: budget * madeUpProblem.plain.trained, inferred: 0, seconds: 0 };
        const problem = { ...madeUpProblem, seed, budget: cost };
        const [one, four] = [1, 4].map((workers) => simulate(create(), surface, { problem, workers, measures }));
        const asked = (of) => JSON.stringify(of.requests.filter(({ kind }) => kind === "trial" || kind === "measure"));
        if (JSON.stringify(one.best) === JSON.stringify(four.best)) policies++;
        if (asked(one) === asked(four)) requests++;
      }
    console.log(`| \`${name}\` | ${policies} of ${SEEDS * BUDGETS.length} | ${requests} |`);
  }
}
