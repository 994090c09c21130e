import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createGrid, type GridOptions } from "./grid.ts";

export { createGrid, type GridOptions, type GridState } from "./grid.ts";

/** The plug-in, and the metalearner, in one. */
const grid: ((options?: GridOptions) => MetaLearner) & Plugin = learnerPlugin(manifest, "grid", createGrid);
export default grid;
