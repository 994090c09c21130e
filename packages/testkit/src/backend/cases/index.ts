import type { Case } from "../case.ts";
import { convolutions, depthwise } from "./convolutions.ts";
import { activations, arithmetic, discrete } from "./elementwise.ts";
import { images } from "./images.ts";
import { indexing } from "./indexing.ts";
import { userLayers } from "./layers.ts";
import { layout } from "./layout.ts";
import { lossFunctions, normalisation } from "./normalisation.ts";
import { pooling } from "./pooling.ts";
import { primitives } from "./primitives.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import { trainings } from "./training.ts";

/** Every op that Regimen uses, and those that a user's model may. */
export const cases: readonly Case[] = [
  ...convolutions,
  ...depthwise,
  ...pooling,
  ...activations,
  ...arithmetic,
  ...discrete,
  ...reductions,
  ...products,
  ...normalisation,
  ...lossFunctions,
  ...indexing,
  ...layout,
  ...images,
  ...userLayers,
  ...primitives,
  ...trainings,
];
