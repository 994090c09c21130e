import type { Problem } from "@regimen/core";

/** A training of the base that was paused and kept before the search. */
export type Trunk = {
  readonly name: string;
  /** Images it was trained for. */ readonly images: number;
};

/** The facts "trunk" and "trunkImages" of a problem; undefined where they are not there, and trials begin anew. */
export function trunkOf({ facts, plain }: Problem): Trunk | undefined {
  const { trunk: name, trunkImages: images } = facts;
  if (typeof name !== "string" || typeof images !== "number") return undefined;
  return images > 0 && images < plain.trained ? { name, images } : undefined;
}
