import { backendLaws, recorderLaws } from "@regimen/testkit";
import { describe, test } from "vitest";
import { nodeGpu } from "../src/index.ts";

// Needs a tfjs-node-gpu that shares our tfjs-core (regimen native --gpu, or REGIMEN_TFJS_NODE), and a card that it sees. Set
// NVIDIA_TF32_OVERRIDE=0: with TF32 products have ten bits.
const missing = await nodeGpu.load().then(
  () => undefined,
  (error: Error) => error.message.split("\n")[0],
);

describe.skipIf(missing !== undefined)(`TensorFlow on a GPU${missing ? ` (skipped: ${missing})` : ""}`, () => {
  recorderLaws("TensorFlow on a GPU", async () => (await nodeGpu.load()).record!, { describe, test });
  backendLaws(nodeGpu, { describe, test });
});
