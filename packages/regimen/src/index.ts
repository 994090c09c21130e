import { loadHost } from "@regimen/cli";
import { createRegimen as createBare, type Plugin, type Regimen } from "@regimen/core";
import { host } from "./host.ts";

export * from "@regimen/core";
export {
  cifar10,
  csvFile,
  describePath,
  findSplits,
  fromArrays,
  fromDataset,
  fromGenerator,
  fromTensors,
  idxFiles,
  imageFolder,
  inspect,
  openSplits,
} from "@regimen/data";

/**
 * As `createRegimen` of `@regimen/core`, with everything that comes with this package registered: backends, readers, models,
 * the classifier scaffold, techniques and metalearners. `plugins` adds to them. Errors: REG_PLUGIN_*, REG_BACKEND_*.
 */
export async function createRegimen(
  options: { readonly plugins?: readonly Plugin[]; readonly backend?: string } = {},
): Promise<Regimen> {
  const { plugins = [], ...rest } = options;
  const added = new Set(plugins.map(({ name }) => name));
  const own = (await loadHost(host)).map(({ plugin }) => plugin).filter(({ name }) => !added.has(name));
  return createBare({ ...rest, plugins: [...own, ...plugins] });
}
