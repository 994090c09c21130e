import { it } from "vitest";
import { Bench } from "../src/technique/bench.ts";
import { defaultScaffold, ready } from "../src/technique/world.ts";
import { mixup } from "../../techniques/mixup/src/index.ts";
it("x", async () => {
  await ready();
  const b = new Bench(mixup as any, defaultScaffold(), []);
  for (const n of [1, 1, 1, 2, 5, 10]) { const t = performance.now(); await b.steps(b.compose([{ use: mixup.name, with: {} }]), { steps: n }); console.log(n, performance.now() - t); }
  { const t = performance.now(); b.batch(b.compose([{ use: mixup.name, with: {} }]), 1); console.log("batch", performance.now() - t); }
});
