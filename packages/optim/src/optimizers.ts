import type { NamedOptimizer } from "@regimen/contracts";
import { adam, lamb } from "./moments.ts";
import { lars, rmsprop, sgd } from "./momentum.ts";

export const OPTIMIZERS: readonly NamedOptimizer[] = [sgd, adam, rmsprop, lars, lamb];
