/** Mixup, CutMix and six augmentations, each on half of the images. */
const half = { rr: 0.5 };
export const everything = {
  steps: [
    ...["mirror", "rotate", "translate", "zoom", "brightness", "contrast"].map((name) => ({
      use: `@regimen/technique-augment/${name}`,
      with: half,
    })),
    { use: "@regimen/technique-mixup", with: half },
    { use: "@regimen/technique-cutmix", with: half },
  ],
};
