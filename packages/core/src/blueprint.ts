import * as tfl from "@tensorflow/tfjs-layers";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  RegimenError,
  nearest,
  type Blueprint,
  type ImageFormat,
  type Json,
  type ModelInput,
  type Regimen,
  type Rng,
} from "@regimen/contracts";

/** Errors: REG_MODEL_ARCHITECTURE. */
export function blueprintOf(
  input: ModelInput,
  registered: Regimen["registered"],
  of: { readonly format: ImageFormat; readonly classes: number },
): Blueprint {
  if ("architecture" in input) {
    const found = registered.architectures.find((architecture) => architecture.name === input.architecture);
    if (found) {
      const build = async (rng: Rng) => found.build({ ...of, seeds: () => rng.int(2 ** 31), with: input.with ?? {} });
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
  const topology = model.toJSON(null, false) as unknown as Json;
  return fixed(name ?? model.name, weights === "fresh", async (rng) => {
    const json = (weights === "fresh" ? seeded(topology, rng) : topology) as unknown as Parameters<
      typeof tfl.models.modelFromJSON
    >[0];
    const built = await tfl.models.modelFromJSON(json);
    if (weights === "keep") built.setWeights(model.getWeights());
    return built;
  });
}

const fixed = (name: string, fresh: boolean, build: Blueprint["build"]): Blueprint => {
  const blueprint: Blueprint = { name, fresh, grows: false, grow: () => blueprint, build };
  return blueprint;
};

/** The same topology with a seed in every initializer that takes one: equal seeds give equal weights on every backend. */
function seeded(json: Json, rng: Rng): Json {
  if (Array.isArray(json)) return json.map((item: Json, at) => seeded(item, rng.fork(at)));
  if (json === null || typeof json !== "object") return json;
  return Object.fromEntries(
    Object.entries(json as { [key: string]: Json }).map(([key, value]) => {
      const stream = rng.fork(key);
      return [key, key === "seed" ? stream.int(2 ** 31) : seeded(value, stream)];
    }),
  );
}
