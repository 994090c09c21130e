import type { ImageFormat } from "@regimen/contracts";

/** One side of a two-view augmentation. Rates are the shares of images that are touched; at 0 a transform is left out. */
export type Recipe = {
  /** The smallest and largest area of a random crop, relative to the image's; [1, 1]: no crop. */
  readonly crop: readonly [number, number];
  readonly mirror: number;
  /** Colour jitter; brightness, contrast and saturation change by a factor in 1 ± so much, hue by ± so many turns. */
  readonly jitter: {
    readonly rate: number;
    readonly brightness: number;
    readonly contrast: number;
    readonly saturation: number;
    readonly hue: number;
  };
  readonly grayscale: number;
  readonly blur: number;
  readonly solarize: number;
};
export type TwoViews = readonly [Recipe, Recipe];

/** Images of at most so many pixels a side get the small-image presets: a blur would leave nothing of them. */
const SMALL = 64;

/** Chen et al. 2020, appendix A: jitter of strength s changes brightness, contrast and saturation by 0.8 s, hue by 0.2 s. */
const jitterOf = (strength: number): Recipe["jitter"] => ({
  rate: 0.8,
  brightness: 0.8 * strength,
  contrast: 0.8 * strength,
  saturation: 0.8 * strength,
  hue: 0.2 * strength,
});
const simclrOf = (strength: number, blur: number): TwoViews => {
  const recipe = {
    crop: [0.08, 1],
    mirror: 0.5,
    jitter: jitterOf(strength),
    grayscale: 0.2,
    blur,
    solarize: 0,
  } as const;
  return [recipe, recipe];
};

/** Zbontar et al. 2021, appendix A, and its code: both views alike but for blur and solarization. */
const barlowOf = ([blurA, blurB]: readonly [number, number]): TwoViews => {
  const jitter = { rate: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 };
  const recipe = { crop: [0.08, 1], mirror: 0.5, jitter, grayscale: 0.2 } as const;
  return [
    { ...recipe, blur: blurA, solarize: 0 },
    { ...recipe, blur: blurB, solarize: 0.2 },
  ];
};

/** Two-view augmentations by method and size of image. */
export const RECIPES = {
  simclr: { small: simclrOf(0.5, 0), large: simclrOf(1, 0.5) },
  barlowTwins: { small: barlowOf([0, 0]), large: barlowOf([1, 0.1]) },
} as const;

/** The preset that suits the images: `small` up to 64 pixels a side, without blur. */
export const presetFor = (
  of: { readonly small: TwoViews; readonly large: TwoViews },
  { h, w }: Pick<ImageFormat, "h" | "w">,
): TwoViews => (Math.max(h, w) <= SMALL ? of.small : of.large);

/**
 * The recipe without what a policy or the user has refused, by the last part of a technique's name:
 * "@regimen/technique-augment/mirror" takes the mirror out. A refused zoom or shift leaves no crop, since a crop does both.
 */
export function withoutRefused(recipe: Recipe, refused: readonly string[]): Recipe {
  const out = new Set(refused.map((name) => name.slice(name.lastIndexOf("/") + 1)));
  const kept = (name: string, value: number): number => (out.has(name) ? 0 : value);
  const { jitter } = recipe;
  return {
    crop: ["zoom", "translate", "crop", "resized-crop"].some((name) => out.has(name)) ? [1, 1] : recipe.crop,
    mirror: out.has("alternating-mirror") ? 0 : kept("mirror", recipe.mirror),
    jitter: {
      rate: jitter.rate,
      brightness: kept("brightness", jitter.brightness),
      contrast: kept("contrast", jitter.contrast),
      saturation: out.has("color") ? 0 : kept("saturation", jitter.saturation),
      hue: kept("hue", jitter.hue),
    },
    // Without its colours an image loses its hue and its saturation too.
    grayscale: ["hue", "saturation", "color"].some((name) => out.has(name)) ? 0 : kept("grayscale", recipe.grayscale),
    blur: kept("blur", recipe.blur),
    solarize: kept("solarize", recipe.solarize),
  };
}
