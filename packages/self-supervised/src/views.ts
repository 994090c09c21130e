import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Draw, ImageFormat, Rng, Shape, Step } from "@regimen/contracts";
import {
  blur,
  brightnessMap,
  contrastMap,
  cropWarp,
  drawWindows,
  grayscaleMap,
  hueMap,
  saturationMap,
  solarize,
} from "@regimen/image";
import { affineWarp, colour, composeColour, composeWarp, identityColour, warp } from "@regimen/ops";
import type { Recipe, TwoViews } from "./recipes.ts";

/** Width over height of a crop (Szegedy et al. 2015). */
const RATIO = [3 / 4, 4 / 3] as const;
/** Standard deviations of the blur, in pixels (Chen et al. 2020, appendix A). */
const SIGMA = [0.1, 2] as const;
const SIDES = ["first", "second"] as const;

/**
 * What two views of each of n images need, from the host: `applyViews` reads it. Each number [n]. The two views share
 * nothing but the image. What a recipe leaves out is not drawn.
 */
export function drawViews(rng: Rng, shape: Pick<Shape, "n" | "h" | "w">, views: TwoViews): Draw {
  const sides = SIDES.map((side, at) =>
    Object.entries(drawView(rng.fork(side), shape, views[at]!)).map(([key, values]) => [`${side}/${key}`, values]),
  );
  return Object.fromEntries(sides.flat()) as Draw;
}

function drawView(rng: Rng, shape: Pick<Shape, "n" | "h" | "w">, recipe: Recipe): Draw {
  const { crop, mirror, jitter, grayscale, blur: blurred, solarize: solarized } = recipe;
  const column = (name: string, draw: (rng: Rng) => number): Float32Array => {
    const own = rng.fork(name);
    return Float32Array.from({ length: shape.n }, () => draw(own));
  };
  const chance = (name: string, rate: number): Float32Array => column(name, (own) => (own.uniform() < rate ? 1 : 0));
  // One decision for all four, as the papers have it.
  const jittered = chance("jitter", jitter.rate);
  const around = (name: string, middle: number, reach: number): Float32Array =>
    column(name, (own) => reach * (2 * own.uniform() - 1)).map((change, i) => middle + jittered[i]! * change);
  const sigma = (own: Rng): number => (own.uniform() < blurred ? SIGMA[0] + (SIGMA[1] - SIGMA[0]) * own.uniform() : 0);
  const columns: readonly (readonly [string, number, () => Float32Array])[] = [
    ["mirror", mirror, () => chance("mirror", mirror)],
    ["brightness", jitter.brightness, () => around("brightness", 1, jitter.brightness)],
    ["contrast", jitter.contrast, () => around("contrast", 1, jitter.contrast)],
    ["saturation", jitter.saturation, () => around("saturation", 1, jitter.saturation)],
    ["hue", jitter.hue, () => around("hue", 0, jitter.hue)],
    ["grayscale", grayscale, () => chance("grayscale", grayscale)],
    ["sigma", blurred, () => column("blur", sigma)],
    // Half of the brightness range, as PIL's threshold of 128.
    ["solarize", solarized, () => chance("solarize", solarized).map((on) => on / 2)],
  ];
  const drawn = columns.flatMap(([key, on, draw]) => (on > 0 ? [[key, draw()] as const] : []));
  return { ...(cropped(recipe) && drawWindows(rng.fork("crop"), shape, crop, RATIO)), ...Object.fromEntries(drawn) };
}

const cropped = ({ crop: [smallest] }: Recipe): boolean => smallest < 1;

/**
 * Two views [n, h, w, c] of each image, on the device: one resampling and one linear colour map each, clipped to `range`,
 * then what is not linear. Jitter acts in the order brightness, contrast, saturation, hue. No gradient is needed through it.
 *
 * @param fed what `drawViews` gave, as tensors
 */
export const applyViews = (
  images: Tensor4D,
  range: ImageFormat["range"],
  views: TwoViews,
  fed: Step["fed"],
): [Tensor4D, Tensor4D] =>
  SIDES.map((side, at) => {
    const drawn = (key: string): Tensor1D | undefined => fed[`${side}/${key}`];
    return applyView(images, range, cropped(views[at]!), drawn);
  }) as [Tensor4D, Tensor4D];

type Drawn = (key: string) => Tensor1D | undefined;

function applyView(images: Tensor4D, range: ImageFormat["range"], crops: boolean, drawn: Drawn): Tensor4D {
  let seen = recolour(move(images, crops, drawn), range, drawn);
  const sigma = drawn("sigma");
  // SimCLR's kernel is a tenth of the image's side.
  if (sigma) seen = blur(seen, sigma, Math.max(1, Math.round(Math.min(images.shape[1], images.shape[2]) / 20)));
  const strength = drawn("solarize");
  return strength ? solarize(seen, range, strength) : seen;
}

function move(images: Tensor4D, crops: boolean, drawn: Drawn): Tensor4D {
  const [, h, w] = images.shape;
  const part = (key: string): Tensor1D => drawn(key)!;
  const mirror = drawn("mirror");
  const maps: Tensor2D[] = [];
  if (crops)
    maps.push(
      cropWarp({ h, w }, { top: part("top"), left: part("left"), height: part("height"), width: part("width") }),
    );
  if (mirror) maps.push(affineWarp({ h, w }, { flipX: mirror }));
  return maps.length ? warp(images, maps.reduce(composeWarp), { interpolation: "bilinear", fill: "reflect" }) : images;
}

function recolour(images: Tensor4D, range: ImageFormat["range"], drawn: Drawn): Tensor4D {
  const [n, , , c] = images.shape;
  const changes: readonly (readonly [string, (value: Tensor1D, pending: Tensor3D) => Tensor3D])[] = [
    ["brightness", (factor) => brightnessMap(c, factor, tf.zerosLike(factor))],
    ["contrast", (factor, pending) => contrastMap(images, range, pending, factor)],
    ["saturation", (factor) => saturationMap(c, factor)],
    ["hue", (turns) => hueMap(c, turns)],
    ["grayscale", (strength) => grayscaleMap(c, strength)],
  ];
  const pending = changes.reduce(
    (maps, [key, map]) => {
      const value = drawn(key);
      return value ? composeColour(maps, map(value, maps)) : maps;
    },
    identityColour(n, c),
  );
  return colour(images, pending, range);
}
