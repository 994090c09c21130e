import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  RegimenError,
  nearest,
  type Blueprint,
  type ImageFormat,
  type ModelInput,
  type Regimen,
  type Rng,
} from "@regimen/contracts";
import { copyWeights, initialise, modelOf, topologyOf } from "@regimen/topology";

/** Errors: REG_MODEL_ARCHITECTURE. */
export function blueprintOf(
  input: ModelInput,
  registered: Regimen["registered"],
  of: { readonly format: ImageFormat; readonly classes: number },
): Blueprint {
  if ("architecture" in input) {
    const found = registered.architectures.find((architecture) => architecture.name === input.architecture);
    if (found) {
      // tfjs takes seed 0 for no seed.
      const build = async (rng: Rng) =>
        found.build({ ...of, seeds: () => 1 + rng.int(2 ** 31 - 1), with: input.with ?? {} });
      return fixed(found.name, true, build);
    }
    const known = registered.architectures.map((architecture) => architecture.name);
    const near = nearest(input.architecture, known);
    throw new RegimenError(
      "REG_MODEL_ARCHITECTURE",
      `there is no architecture "${input.architecture}"; ${near ? `the nearest is "${near}"` : known.length ? `there are ${known.join(", ")}` : "no installed plug-in brings one; run: npm i @regimen/models"}`,
    );
  }
  const { model, weights, name } =
    "weights" in input && "model" in input ? input : { model: input as LayersModel, weights: "fresh", name: undefined };
  return fixed(name ?? model.name, weights === "fresh", async (rng) => {
    if (weights === "fresh") return modelOf(initialise(topologyOf(model), rng));
    const copy = await modelOf(topologyOf(model));
    copyWeights(model, copy);
    return copy;
  });
}

const fixed = (name: string, fresh: boolean, build: Blueprint["build"]): Blueprint => {
  const blueprint: Blueprint = { name, fresh, grows: false, grow: () => blueprint, build };
  return blueprint;
};
