import { recorderLaws } from "@regimen/testkit";
import { describe, test } from "vitest";
import { webgpu } from "../src/index.ts";
import { softwareVulkan } from "./software.ts";

const why = softwareVulkan();

describe.skipIf(why)(why ? `skipped: ${why}` : "recorded programs", () => {
  recorderLaws("webgpu", async () => (await webgpu.load()).record!, { describe, test });
});
