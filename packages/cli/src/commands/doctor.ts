import { RegimenError, nearest, type Backend, type Loaded } from "@regimen/contracts";
import type { Console } from "../display/console.ts";
import { WIDTH, count, wrap } from "../display/style.ts";
import { absoluteIfPath } from "../config/place.ts";
import type { Io } from "../io.ts";
import { inventory } from "../plugins/inventory.ts";
import { fastest, sideBySide, type SideBySide } from "../machine/shares.ts";
import { loadPlugins } from "../plugins/load.ts";
import { elsewhere, unavailable, type Examined } from "../machine/examined.ts";
import { SPEED_TEST, testSpeed } from "../machine/speed-test.ts";

export type DoctorFlags = {
  readonly plugin?: readonly string[];
  /** This one alone, in this process; how the others are tried, each in a process of its own. */ readonly backend?: string;
  /** False: no short trainings. */ readonly speed?: boolean;
};

export async function doctorCommand(io: Io, console: Console, flags: DoctorFlags): Promise<void> {
  const { backend: only, speed = true } = flags;
  const plugins = (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd));
  const loaded = await loadPlugins(io, plugins, ["backend"]);
  const all = [...inventory(loaded.map(({ plugin }) => plugin)).backends].sort((a, b) => a.rank - b.rank);
  const asked = only === undefined ? all : all.filter(({ name }) => name === only);
  if (only !== undefined && asked.length === 0) {
    const names = all.map(({ name }) => name);
    const near = nearest(only, names);
    throw new RegimenError(
      "REG_BACKEND_UNKNOWN",
      `no backend is called "${only}"; ${near ? `the nearest is "${near}"` : `there are ${names.join(", ")}`}`,
    );
  }
  const backends: Examined[] = [];
  for (const backend of asked) {
    console.live(`  trying ${backend.name} …`);
    const apart = only === undefined && io.self !== undefined;
    backends.push(await (apart ? elsewhere(backend.name, io, { plugins, speed }) : here(backend, io, plugins, speed)));
  }
  const chosen = backends.find(
    ({ name, available }) => available && (only !== undefined || all.find((one) => one.name === name)!.auto),
  );
  const pace = chosen?.imagesPerSecond ?? null;
  if (only === undefined && pace !== null) console.live("  trying trainings side by side …");
  const together = only === undefined && pace !== null ? await sideBySide(chosen!.name, pace, io, plugins) : [];
  console.json({ chosen: chosen?.name ?? null, backends, workers: together });
  for (const { name, available, reason, version, device, imagesPerSecond } of backends) {
    const mark = !available
      ? console.ink("red", "✕")
      : name === chosen?.name
        ? console.ink("green", "●")
        : console.ink("dim", "○");
    const pace = imagesPerSecond === null ? null : `${images(imagesPerSecond)} images/s`;
    const what = device?.includes(version!) ? device : `${device} · ${version}`;
    const told = available ? [pace, what, reason].filter(Boolean).join(" · ") : reason;
    console.say(wrap(`  ${mark} ${name.padEnd(10)} ${told}`, WIDTH, 15).join("\n"));
  }
  console.say("");
  if (!chosen) console.say("  no backend works here; run: npm i @regimen/backend-wasm");
  else
    for (const line of [...verdict(chosen, backends), ...sharing(together)])
      console.say(wrap(`  ${line}`, WIDTH, 2).join("\n"));
}

/** Whether a search's trials are done faster side by side. */
function sharing(found: readonly SideBySide[]): string[] {
  const best = fastest(found);
  if (!best || found.length < 2) return [];
  const told = found
    .map(({ workers, imagesPerSecond }) => `${workers}: ${images(imagesPerSecond)} images/s`)
    .join(", ");
  const gain = best.imagesPerSecond / found[0]!.imagesPerSecond;
  const advice =
    best.workers === 1
      ? "one process that has all of the machine is the fastest"
      : `a search with many independent trials gains from --workers ${best.workers}, ${times(gain)} times as fast`;
  return [`processes side by side: ${told}; ${advice}`];
}

/** What a run takes and whether it should: by what was measured, where anything was. */
function verdict(chosen: Examined, backends: readonly Examined[]): string[] {
  const taken = `${chosen.name} is what a run takes unless told otherwise`;
  const measured = backends.flatMap(({ name, imagesPerSecond: pace }) => (pace === null ? [] : [{ name, pace }]));
  const own = measured.find(({ name }) => name === chosen.name);
  if (!own) return [taken];
  const best = measured.reduce((a, b) => (b.pace > a.pace ? b : a));
  const others = measured.filter(({ name }) => name !== chosen.name);
  const compared =
    others.length === 0
      ? taken
      : best === own
        ? `${taken}; it is the fastest here, ${others.map(({ name, pace }) => `${times(own.pace / pace)} times ${name}`).join(" and ")}`
        : `${taken}; ${best.name} is faster here, ${times(best.pace / own.pace)} times as fast: --backend ${best.name}`;
  return [compared, `images/s: ${SPEED_TEST}, for a second or two`];
}

const times = (ratio: number): string => ratio.toFixed(1);
const images = (pace: number): string => (pace < 10 ? pace.toFixed(1) : count(pace));

const byName = "only when asked for by name";

async function here(backend: Backend, io: Io, plugins: readonly string[], speed: boolean): Promise<Examined> {
  const { name, auto } = backend;
  let loaded: Loaded;
  try {
    loaded = await backend.load();
  } catch (error) {
    return unavailable(name, message(error));
  }
  const works = { name, available: true, version: loaded.version, device: loaded.device };
  // One that no run takes by itself may take minutes for what the others do in a second.
  if (!auto || !speed) return { ...works, reason: auto ? null : byName, imagesPerSecond: null };
  try {
    const all = await loadPlugins(io, plugins);
    const imagesPerSecond = await testSpeed(
      io,
      all.map(({ plugin }) => plugin),
      name,
    );
    return { ...works, reason: null, imagesPerSecond };
  } catch (error) {
    return { ...works, reason: `a short training failed: ${message(error)}`, imagesPerSecond: null };
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
