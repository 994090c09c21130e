import { sequence, type MetaLearner } from "@regimen/core";
import { createOptimization } from "@regimen/metalearner-optimization";
import { createRegularization } from "@regimen/metalearner-regularization";
import { createSsl } from "@regimen/metalearner-ssl";

/** Optimization, then regularization, then unlabelled and synthetic images: each builds on what those before it found. */
export const createDefault = (): MetaLearner => ({
  ...sequence(createOptimization(), createRegularization(), createSsl()),
  name: "default",
});
