/** The transforms that published policies choose among, in torchvision's order. */
export const OPERATIONS = [
  "identity",
  "shear-x",
  "shear-y",
  "translate-x",
  "translate-y",
  "rotate",
  "brightness",
  "saturation",
  "contrast",
  "sharpen",
  "posterize",
  "solarize",
  "autocontrast",
  "equalize",
  "invert",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What the strongest level of a policy's transforms means. */
export type Reach = {
  /** Pixels moved for each pixel from the corner. */ readonly shear: number;
  /** Pixels, of a side of so many. */ readonly shift: (side: number) => number;
  /** Degrees. */ readonly angle: number;
  /** Factors of brightness, saturation, contrast and sharpness reach from 1 − this to 1 + this. */ readonly change: number;
  /** Of 8 bits, how many are cleared. */ readonly bits: number;
};
/** RandAugment's and AutoAugment's (Cubuk 2019, table 6), shifts in proportion to the 331 pixels they were found on. */
export const PROPORTIONAL: Reach = { shear: 0.3, shift: (side) => (150 / 331) * side, angle: 30, change: 0.9, bits: 4 };
/** TrivialAugment's two (Müller & Hutter 2021, arXiv:2103.10158, section 3), shifts in pixels whatever the size. */
export const STANDARD: Reach = { shear: 0.3, shift: () => 10, angle: 30, change: 0.9, bits: 4 };
export const WIDE: Reach = { shear: 0.99, shift: () => 32, angle: 135, change: 0.99, bits: 6 };

const SIGNED: readonly Operation[] = OPERATIONS.slice(1, 10);
/** Whether a transform goes in two directions, each as likely. */
export const isSigned = (operation: Operation): boolean => SIGNED.includes(operation);

/**
 * A transform's strength at a level from 0 to 1, where 0 is the identity. Shears in pixels a pixel; shifts in whole pixels; rotations in degrees;
 * brightness, saturation, contrast and sharpen as what is added to a factor of 1; posterize in sevenths, the bits that are cleared; solarize
 * as the share of the range that is inverted; the rest have one strength, 1.
 */
export function strengthOf(
  operation: Operation,
  level: number,
  reach: Reach,
  size: { readonly h: number; readonly w: number },
): number {
  switch (operation) {
    case "identity":
      return 0;
    case "shear-x":
    case "shear-y":
      return level * reach.shear;
    case "translate-x":
      return Math.floor(level * reach.shift(size.w));
    case "translate-y":
      return Math.floor(level * reach.shift(size.h));
    case "rotate":
      return level * reach.angle;
    case "brightness":
    case "saturation":
    case "contrast":
    case "sharpen":
      return level * reach.change;
    case "posterize":
      return Math.round(level * reach.bits) / 7;
    case "solarize":
      return level;
    case "autocontrast":
    case "equalize":
    case "invert":
      return 1;
  }
}
