import { registerBatchNorm } from "./batch-norm.ts";
import { registerConvolutions } from "./convolution.ts";
import { registerElementwise } from "./elementwise.ts";
import { registerImages } from "./images.ts";
import { registerPooling } from "./pooling.ts";
import { registerProducts } from "./products.ts";
import { registerRandom } from "./random.ts";
import { registerResize } from "./resize.ts";

/** What tfjs lacks on WebGPU, has wrong, or has slowly. */
export function registerKernels(): void {
  registerBatchNorm();
  registerConvolutions();
  registerElementwise();
  registerImages();
  registerPooling();
  registerProducts();
  registerRandom();
  registerResize();
}
