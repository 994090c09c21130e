export { topologyOf } from "./read.ts";
export { modelOf } from "./build.ts";
export { givesProbabilities, join, joinModels } from "./join.ts";
export { initialise, uninitialised } from "./initialise.ts";
export { copyWeights, weightsOf } from "./weights.ts";
export { residuals, type Residual } from "./residuals.ts";
export { trainable, withoutTraining } from "./trainable.ts";
export { registerLayers } from "./layers/register.ts";
