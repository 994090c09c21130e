import { spawn } from "node:child_process";
import { RegimenError, nearest, type Backend } from "@regimen/contracts";
import type { Console } from "../display/console.ts";
import { WIDTH, wrap } from "../display/style.ts";
import { absoluteIfPath } from "../config/place.ts";
import type { Io } from "../io.ts";
import { inventory } from "../plugins/inventory.ts";
import { loadPlugins } from "../plugins/load.ts";

type Examined = {
  readonly name: string;
  readonly available: boolean;
  /** Why not; for one that only a name selects, that it is so; null otherwise. */ readonly reason: string | null;
  readonly version: string | null;
  readonly device: string | null;
};

/** A backend that neither answers nor fails is given up after this. */
const PATIENCE = 60_000;

/** `only`: this one alone, in this process; how the others are tried, each in a process of its own. */
export async function doctorCommand(
  io: Io,
  console: Console,
  named: readonly string[],
  only: string | undefined,
): Promise<void> {
  const plugins = named.map((name) => absoluteIfPath(name, io.cwd));
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
    backends.push(only === undefined && io.self ? await elsewhere(backend, io, plugins) : await here(backend));
  }
  const chosen = backends.find(
    ({ name, available }) => available && (only !== undefined || all.find((one) => one.name === name)!.auto),
  );
  console.json({ chosen: chosen?.name ?? null, backends });
  for (const { name, available, reason, version, device } of backends) {
    const mark = !available
      ? console.ink("red", "✕")
      : name === chosen?.name
        ? console.ink("green", "●")
        : console.ink("dim", "○");
    const told = available ? [device, version, reason].filter(Boolean).join(" · ") : reason;
    console.say(wrap(`  ${mark} ${name.padEnd(10)} ${told}`, WIDTH, 15).join("\n"));
  }
  console.say(
    chosen
      ? `\n  ${chosen.name} is what a run takes unless told otherwise`
      : "\n  no backend works here; run: npm i @regimen/backend-wasm",
  );
}

const byName = "only when asked for by name";

async function here(backend: Backend): Promise<Examined> {
  try {
    const { version, device } = await backend.load();
    return { name: backend.name, available: true, reason: backend.auto ? null : byName, version, device };
  } catch (error) {
    return unavailable(backend.name, error instanceof Error ? error.message : String(error));
  }
}

const unavailable = (name: string, why: string): Examined => ({
  name,
  available: false,
  reason: why.split("\n")[0]!,
  version: null,
  device: null,
});

/** A process of its own: loading one backend must not spoil the next, and a native one may take its process down. */
function elsewhere(backend: Backend, io: Io, plugins: readonly string[]): Promise<Examined> {
  const [command, ...args] = io.self!;
  const flags = plugins.flatMap((plugin) => ["--plugin", plugin]);
  return new Promise((done) => {
    const child = spawn(command!, [...args, "doctor", "--backend", backend.name, "--json", ...flags], {
      cwd: io.cwd,
      env: io.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE,
    });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text));
    child.on("error", (error) => done(unavailable(backend.name, error.message)));
    child.on("close", (code, signal) => {
      try {
        done((JSON.parse(out.join("")) as { backends: Examined[] }).backends[0]!);
      } catch {
        const last = err.join("").trim().split("\n").at(-1);
        const ended =
          signal === "SIGTERM"
            ? `gave no answer in ${PATIENCE / 1000} s`
            : `its process ended with ${signal ?? `code ${code}`}`;
        done(unavailable(backend.name, last ? `${ended}: ${last}` : ended));
      }
    });
  });
}
