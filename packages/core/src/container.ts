import { token, type Token } from "./token.ts"; // first: it brings what tsyringe looks for when it is loaded
import { container as root, type DependencyContainer, type InjectionToken } from "tsyringe";
import {
  RegimenError,
  type Architecture,
  type Backend,
  type MetaLearnerFactory,
  type NamedOptimizer,
  type NamedSchedule,
  type Params,
  type Plugin,
  type Reader,
  type Regimen,
  type Registry,
  type Scaffold,
  type Technique,
} from "@regimen/contracts";

const PLUGIN = token<Plugin>("plugin");
const TECHNIQUE = token<Technique>("technique");
const METALEARNER = token<MetaLearnerFactory>("metalearner");
const SCAFFOLD = token<Scaffold>("scaffold");
const READER = token<Reader>("reader");
const ARCHITECTURE = token<Architecture>("architecture");
const BACKEND = token<Backend>("backend");
const OPTIMIZER = token<NamedOptimizer>("optimizer");
const SCHEDULE = token<NamedSchedule>("schedule");

/** One for each `createRegimen`: two of them in a process never see each other's plug-ins. */
export class Container implements Registry {
  readonly #inner: DependencyContainer = root.createChildContainer();
  #registering = "core";

  use(plugin: Plugin): void {
    if (typeof plugin?.register !== "function" || typeof plugin.name !== "string")
      throw new RegimenError(
        "REG_PLUGIN_INVALID",
        `got ${plugin === undefined ? "undefined" : `a ${typeof plugin}`} where a plug-in ({ name, version, register }) is expected; import the package's default export`,
      );
    this.#registering = plugin.name;
    this.#add(PLUGIN, plugin, "plug-in");
    plugin.register(this);
    this.#registering = "core";
  }

  technique<P extends Params>(technique: Technique<P>): void {
    // Its params are checked against its space before `create` sees them.
    this.#add(TECHNIQUE, technique as unknown as Technique, "technique");
  }
  metalearner(factory: MetaLearnerFactory): void {
    this.#add(METALEARNER, factory, "metalearner");
  }
  scaffold(scaffold: Scaffold): void {
    this.#add(SCAFFOLD, scaffold, "scaffold");
  }
  reader(reader: Reader): void {
    this.#add(READER, reader, "reader");
  }
  architecture(architecture: Architecture): void {
    this.#add(ARCHITECTURE, architecture, "architecture");
  }
  backend(backend: Backend): void {
    this.#add(BACKEND, backend, "backend");
  }
  optimizer(optimizer: NamedOptimizer): void {
    this.#add(OPTIMIZER, optimizer, "optimizer");
  }
  schedule(schedule: NamedSchedule): void {
    this.#add(SCHEDULE, schedule, "schedule");
  }

  get registered(): Regimen["registered"] {
    return {
      plugins: this.#all(PLUGIN),
      techniques: this.#all(TECHNIQUE),
      metalearners: this.#all(METALEARNER),
      scaffolds: this.#all(SCAFFOLD),
      readers: this.#all(READER),
      architectures: this.#all(ARCHITECTURE),
      backends: this.#all(BACKEND),
      optimizers: this.#all(OPTIMIZER),
      schedules: this.#all(SCHEDULE),
    };
  }

  #add<T extends { readonly name: string }>(key: Token<T>, value: T, what: string): void {
    if (this.#all(key).some((other) => other.name === value.name))
      throw new RegimenError(
        "REG_PLUGIN_DUPLICATE",
        `the ${what} "${value.name}" is registered a second time, by ${this.#registering}; pass each plug-in once`,
      );
    this.#inner.register(key as InjectionToken<T>, { useValue: value });
  }

  /** tsyringe's `resolveAll` throws where nothing is registered. */
  #all<T>(key: Token<T>): T[] {
    return this.#inner.isRegistered(key as InjectionToken<T>) ? this.#inner.resolveAll(key as InjectionToken<T>) : [];
  }
}
