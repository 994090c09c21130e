import type { SearchOptions, Workbench } from "@regimen/contracts";
import { folderStore, RunFolder } from "@regimen/run-folder";
import { join } from "node:path";
import { identityOf, type Context } from "./context.ts";
import { prepareData, prepareSession } from "./prepare.ts";
import { learnerOf } from "./problem.ts";
import { doWork } from "./search.ts";

/** Opens a run as its own job did, to do requests of its search: reads its folder, and writes nothing there but checkpoints. */
export async function openWorkbench(
  context: Context,
  options: SearchOptions & { readonly out: string },
): Promise<Workbench> {
  RunFolder.expect({ ...options, resume: true });
  const splits = await prepareData(options.data, options.seed ?? 0, options.task);
  const store = folderStore(join(options.out, "checkpoints"));
  const env = { ...context, store, show: () => undefined };
  const { session } = await prepareSession(options, context.registered, splits, env);
  const learner = learnerOf(options, context.registered);
  return {
    identity: await identityOf(context, options, { splits }),
    work: (work, signal) => doWork({ ...session, signal }, learner, work),
  };
}
