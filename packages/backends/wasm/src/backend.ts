import type { Backend } from "@regimen/core";
import { replay } from "@regimen/replay";
import * as tf from "@tensorflow/tfjs-core";
import { registerConv2d } from "./conv2d.ts";
import { registerConv3d } from "./conv3d.ts";
import { registerDepthwise } from "./depthwise.ts";
import { registerEinsum } from "./einsum.ts";
import { registerElementwise } from "./elementwise.ts";
import { extendGradients, registerEinsumGradient } from "./gradients.ts";
import { registerIdentity } from "./identity.ts";
import { registerLayout } from "./layout.ts";
import { registerMatMul } from "./matmul.ts";
import { Memory } from "./memory.ts";
import { registerPool } from "./pool.ts";
import { registerPrimitives } from "./primitives.ts";
import { registerReduce } from "./reduce.ts";
import { registerResize } from "./resize.ts";
import { registerSegment } from "./segment.ts";
import { canShare, whileSharing } from "./shared.ts";
import { wantedThreads } from "./threads.ts";

/** tfjs' backend that our kernels are in: loading twice installs nothing twice. */
let attached: unknown;
let memory: Memory | undefined;

/** tfjs on WebAssembly, with the gradients it lacks and faster kernels. Runs anywhere with WebAssembly SIMD. */
export const wasm: Backend = {
  name: "wasm",
  rank: 40,
  auto: true,
  async load() {
    const { version_wasm: version } = await import("@tensorflow/tfjs-backend-wasm");
    if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) {
      throw new Error("This machine's WebAssembly has no SIMD; use a newer Node or browser.");
    }
    // tfjs' threaded build has a pool of its own, which Node cannot run and which would compete with ours.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    const threads = canShare() ? await wantedThreads() : 1;
    const start = async () => {
      if (!(await tf.setBackend("wasm"))) throw new Error("tfjs could not start its WebAssembly backend.");
      await tf.ready();
    };
    await (threads > 1 ? whileSharing(start) : start());
    if (attached !== undefined && attached !== tf.backend()) {
      throw new Error("tfjs' WebAssembly backend was removed and made again; start a new process instead.");
    }
    if (memory === undefined) {
      memory = await Memory.attach(tf.backend(), threads);
      registerConv2d(memory);
      registerConv3d(memory);
      registerDepthwise(memory);
      registerPool(memory);
      registerResize(memory);
      registerSegment(memory);
      registerMatMul(memory);
      registerReduce(memory);
      registerIdentity(memory);
      registerLayout(memory);
      registerElementwise(memory);
      registerEinsum();
      registerPrimitives(memory);
      extendGradients();
      registerEinsumGradient();
      attached = tf.backend();
    }
    const device = memory.threads > 1 ? `WebAssembly SIMD, ${memory.threads} threads` : "WebAssembly SIMD, one thread";
    return { tfjs: "wasm", version, device, record: replay };
  },
};
