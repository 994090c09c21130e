import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Batch, Draw, Rng, Shape, Step } from "@regimen/core";
import {
  applyPolicy,
  cutout,
  drawCutout,
  drawPolicy,
  operationsRefused,
  randAugment,
  type RandomPolicy,
  type Window,
} from "@regimen/image";
import { affineWarp, composeWarp, warp } from "@regimen/ops";

/** The weak view's largest shift, as a share of the side (Sohn 2020, section 2.3). */
const SHIFT = 1 / 8;
/** RandAugment's transforms of one image, and the top of its scale. */
const [TRANSFORMS, TOP] = [2, 30];

/** Weak and strong views without what was refused. */
export type Views = {
  readonly mirror: boolean;
  readonly shift: boolean;
  /** The share of each side that is cut out; 0: nothing. */ readonly cutout: number;
  readonly policy: RandomPolicy;
};

/** `strength`: 0 to 1, of RandAugment's scale and of each side for the cutout. `refused`: names of techniques (`run.refused`). */
export function viewsWithout(refused: readonly string[], strength: number): Views {
  const names = new Set(refused.map((name) => name.slice(name.lastIndexOf("/") + 1)));
  const allowed = (...some: string[]): boolean => !some.some((name) => names.has(name));
  return {
    mirror: allowed("mirror", "alternating-mirror"),
    shift: allowed("translate", "translate-x", "translate-y", "crop"),
    cutout: allowed("cutout") ? strength : 0,
    policy: randAugment(TRANSFORMS, strength * TOP, operationsRefused(refused)),
  };
}

/** Draws of both views for `shape.n` images; every column is [n], but those of the policy. */
export function drawViews(views: Views, rng: Rng, shape: Pick<Shape, "n" | "h" | "w">): Draw {
  const move = (name: string, way: Rng) => {
    const each = (draw: () => number): Float32Array => Float32Array.from({ length: shape.n }, draw);
    const within = (side: number): number => {
      const reach = views.shift ? Math.floor(side * SHIFT) : 0;
      return way.int(2 * reach + 1) - reach;
    };
    return {
      [`${name}/flip`]: each(() => (views.mirror && way.uniform() < 0.5 ? 1 : 0)),
      [`${name}/right`]: each(() => within(shape.w)),
      [`${name}/down`]: each(() => within(shape.h)),
    };
  };
  const named = (draws: Draw, name: string): Draw =>
    Object.fromEntries(Object.entries(draws).map(([key, values]) => [`${name}/${key}`, values]));
  return {
    ...move("weak", rng.fork("weak")),
    ...move("strong", rng.fork("strong")),
    ...named(drawPolicy(views.policy, rng.fork("policy"), shape), "policy"),
    ...named(drawCutout(rng.fork("cutout"), shape, views.cutout), "cutout"),
  };
}

const moved = (size: Pick<Shape, "h" | "w">, fed: Step["fed"], name: string) =>
  affineWarp(size, {
    flipX: fed[`${name}/flip`]!,
    shiftX: fed[`${name}/right`]!,
    shiftY: fed[`${name}/down`]!,
  });
const below = (fed: Step["fed"], name: string): Record<string, Tensor1D> =>
  Object.fromEntries(
    Object.entries(fed).flatMap(([key, value]) =>
      key.startsWith(`${name}/`) ? [[key.slice(name.length + 1), value]] : [],
    ),
  );

/** Mirrored or not, and shifted by whole pixels. `fed`: of `drawViews`. [n, h, w, c] → [n, h, w, c] */
export function weakView(images: Tensor4D, fed: Step["fed"]): Tensor4D {
  const [, h, w] = images.shape;
  return warp(images, moved({ h, w }, fed, "weak"), { interpolation: "bilinear", fill: "reflect" });
}

/**
 * The weak view's movements drawn anew, RandAugment and a cutout, on top of what is pending: movements and colours go
 * there, textures and the cutout act on the images. `fed`: of `drawViews`.
 */
export function strongView<B extends Pick<Batch, "images" | "warp" | "colour" | "shape">>(
  views: Views,
  batch: B,
  fed: Step["fed"],
): B {
  const augmented = applyPolicy(views.policy, batch, below(fed, "policy"));
  const images = views.cutout
    ? cutout(augmented.images, batch.shape.range, below(fed, "cutout") as Window)
    : augmented.images;
  return { ...augmented, images, warp: composeWarp(augmented.warp, moved(batch.shape, fed, "strong")) };
}
