import type { Case } from "./case.ts";
import { convolutions } from "./convolutions.ts";
import { elementwise } from "./elementwise.ts";
import { layers } from "./layers.ts";
import { shapes } from "./shapes.ts";

export type { Case } from "./case.ts";

/** Every op that Regimen uses. */
export const cases: readonly Case[] = [...convolutions, ...layers, ...elementwise, ...shapes];
