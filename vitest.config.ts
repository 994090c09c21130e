import { defineConfig } from "vitest/config";
import { findNative } from "./packages/native/src/cache.ts";

// Tests read the sources: no build is needed before them.
const conditions = ["@regimen/source", "module", "node", "development|production"];

// What `regimen native` has built is where the tests of TensorFlow look for it.
const native = process.env["REGIMEN_TFJS_NODE"] ?? findNative("@tensorflow/tfjs-node")?.folder;

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/**/test/**/*.test.ts", "tests/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup: "./tests/scratch.ts",
    env: native ? { REGIMEN_TFJS_NODE: native } : {},
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
