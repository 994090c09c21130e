import type { Backend, Plugin } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };

/** Plain JavaScript: hundreds of times slower than the others, so only when asked for by name. */
export const cpu: Backend = {
  name: "cpu",
  rank: 90,
  auto: false,
  async load() {
    const { version_cpu: version } = await import("@tensorflow/tfjs-backend-cpu");
    if (!(await tf.setBackend("cpu"))) throw new Error("tfjs could not start its JavaScript backend.");
    await tf.ready();
    // Whoever names this backend knows that it is slow: no banner.
    (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
    return { tfjs: "cpu", version, device: "JavaScript, one thread" };
  },
};

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.backend(cpu);
  },
};
export default plugin;
