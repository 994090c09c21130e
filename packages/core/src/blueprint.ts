import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  RegimenError,
  nearest,
  type Blueprint,
  type ImageFormat,
  type ModelInput,
  type Params,
  type Regimen,
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
      const named = (params: Params): Blueprint => ({
        // tfjs takes seed 0 for no seed.
        ...fixed(found.name, true, async (rng) =>
          found.build({ ...of, seeds: () => 1 + rng.int(2 ** 31 - 1), with: params }),
        ),
        ...(found.widens && {
          grows: true,
          grow: ({ width = 1 }) => named({ ...params, width: width * Number(params["width"] ?? 1) }),
        }),
      });
      return named(input.with ?? {});
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
