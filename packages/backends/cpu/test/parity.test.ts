import { node } from "@regimen/backend-node";
import { backendLaws } from "@regimen/testkit";
import { describe, test } from "vitest";
import { cpu } from "../src/index.ts";

// Beside a tfjs-node that shares our tfjs-core: REGIMEN_TFJS_NODE names the folder it is installed in.
const native = process.env["REGIMEN_TFJS_NODE"];

describe(
  native
    ? "beside TensorFlow"
    : "by differences (beside TensorFlow skipped: no native TensorFlow; run: npx regimen native)",
  () => {
    backendLaws(cpu, { describe, test }, native ? { reference: node } : {});
  },
);
