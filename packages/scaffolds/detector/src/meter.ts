import type { Batch, Forward, Meter, Metered } from "@regimen/core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { precisionOf } from "./coco.ts";
import { Collected, WIDTH } from "./collected.ts";
import { MOST } from "./detections.ts";

/**
 * `error` is 1 − mAP@0.5 by COCO's rules (NaN where no class has an object), `loss` the mean of the labelled images' losses,
 * unlabelled images' are NaN. `outputs`: [100, 6] an image, best first: y0, x0, y1, x1 in pixels, score, class; zeros behind the last.
 */
export class DetectorMeter implements Meter {
  readonly #classes: number;
  readonly #collected = new Collected();

  constructor(classes: number) {
    this.#classes = classes;
  }

  add(seen: Forward, batch: Batch): void {
    this.#collected.add(seen.outputs as Tensor4D, batch);
  }

  async read(): Promise<Metered> {
    const seen = await this.#collected.read();
    const labelled = seen.filter((image) => image.labelled);
    const { ap50 } = precisionOf(labelled, this.#classes);
    const outputs = new Float32Array(seen.length * MOST * WIDTH);
    seen.forEach(({ found }, image) =>
      found.forEach((one, i) => outputs.set([...Array.from(one.at), one.score, one.class], (image * MOST + i) * WIDTH)),
    );
    return {
      score: {
        error: ap50 === null ? NaN : 1 - ap50,
        loss: labelled.reduce((sum, { loss }) => sum + loss, 0) / labelled.length,
        ece: null,
      },
      losses: Float32Array.from(seen, ({ loss }) => loss),
      outputs,
    };
  }
}
