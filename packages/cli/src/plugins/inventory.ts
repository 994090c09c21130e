import type {
  Architecture,
  Backend,
  MetaLearnerFactory,
  NamedOptimizer,
  NamedSchedule,
  Plugin,
  Reader,
  Registry,
  Scaffold,
  Technique,
} from "@regimen/core";

/** What a plug-in registers, seen without a container: for listing, and for what needs no backend. */
export type Inventory = {
  readonly techniques: readonly Technique[];
  readonly metalearners: readonly MetaLearnerFactory[];
  readonly scaffolds: readonly Scaffold[];
  readonly readers: readonly Reader[];
  readonly architectures: readonly Architecture[];
  readonly backends: readonly Backend[];
  readonly optimizers: readonly NamedOptimizer[];
  readonly schedules: readonly NamedSchedule[];
};

export function inventory(plugins: readonly Plugin[]): Inventory {
  const found = {
    techniques: [] as Technique[],
    metalearners: [] as MetaLearnerFactory[],
    scaffolds: [] as Scaffold[],
    readers: [] as Reader[],
    architectures: [] as Architecture[],
    backends: [] as Backend[],
    optimizers: [] as NamedOptimizer[],
    schedules: [] as NamedSchedule[],
  };
  const registry: Registry = {
    technique: (technique) => void found.techniques.push(technique as unknown as Technique),
    metalearner: (factory) => void found.metalearners.push(factory),
    scaffold: (scaffold) => void found.scaffolds.push(scaffold),
    reader: (reader) => void found.readers.push(reader),
    architecture: (architecture) => void found.architectures.push(architecture),
    backend: (backend) => void found.backends.push(backend),
    optimizer: (optimizer) => void found.optimizers.push(optimizer),
    schedule: (schedule) => void found.schedules.push(schedule),
  };
  for (const plugin of plugins) plugin.register(registry);
  return found;
}
