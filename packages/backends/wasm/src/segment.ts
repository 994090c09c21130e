import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { register } from "./register.ts";

/** UnsortedSegmentSum: the gradient of every gather. */
export function registerSegment(memory: Memory): void {
  register("UnsortedSegmentSum", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const segmentIds = inputs["segmentIds"]!;
    const segments = attrs["numSegments"] as number;
    const inner = x.shape.slice(segmentIds.shape.length);
    const dtype = x.dtype === "int32" ? "int32" : "float32";
    const out = memory.output([segments, ...inner], dtype);
    memory.call(
      dtype === "int32" ? "segment_sum_int" : "segment_sum_float",
      memory.at(x),
      memory.at(segmentIds),
      memory.at(out),
      tf.util.sizeFromShape(segmentIds.shape),
      tf.util.sizeFromShape(inner),
      segments,
    );
    return out;
  });
}
