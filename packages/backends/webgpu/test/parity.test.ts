import type { Backend } from "@regimen/core";
import { backendLaws } from "@regimen/testkit";
import * as tf from "@tensorflow/tfjs-core";
import { describe, test } from "vitest";
import { webgpu } from "../src/index.ts";
import { softwareVulkan } from "./software.ts";

const why = softwareVulkan();
const all = process.env["REGIMEN_WEBGPU_ALL"] === "1";

/** What has kernels of ours, and what the others stand on; the rest takes most of a minute. */
const OURS =
  /^(conv2d (3×3 (3→5|16→12)|stride 2 same, odd|explicit|1×1)|depthwise (3|5×5 stride)|fused conv2d, relu$|avgPool.*same|batchNormTrain.* \[(6|2|30)|relu prim|swish prim|warp.*3 channels|colour|uniform|normal|int32|resize.*up, half|gather$)/;
/** What WGSL itself gives with fewer digits. */
const ROUGH = /^(tan|acos|spectral\.rfft)$/;

/** Everything on the device: tfjs calculates on the host with small tensors that were never anywhere else. */
const onDevice: Backend = {
  ...webgpu,
  async load() {
    const loaded = await webgpu.load();
    tf.env().set("WEBGPU_CPU_FORWARD", false);
    return loaded;
  },
};

const title = all ? "all ops" : "ops with kernels of ours (REGIMEN_WEBGPU_ALL=1 runs all)";

describe.skipIf(why)(why ? `skipped: ${why}` : title, () => {
  backendLaws(
    onDevice,
    { describe, test },
    { only: (name) => all || OURS.test(name), tolerance: (name) => (ROUGH.test(name) ? 5e-4 : 2e-5) },
  );
});
