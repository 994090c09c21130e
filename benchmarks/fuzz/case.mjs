// One case: a good set of files, some of them changed, opened as a user would. What comes of it: "valid", "skip" (with a recorded
// reason), the code of an error, or what must not be.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { ERROR_CODES, RegimenError, createRegimen } from "@regimen/core";
import { openSpec } from "@regimen/data";
import { runCli } from "@regimen/cli";
import { random } from "./mutate.mjs";
import { COMMANDS, DATA, asWritten, suited } from "./seeds.mjs";

export const FORMATS = Object.keys({ ...DATA, ...COMMANDS });

/** What no case may take: seconds of processor time (a command that is valid begins a training), bytes above what the process had. */
const LIMITS = { reading: 5, training: 30, bytes: 512 * 2 ** 20 };

const numbered = (text) =>
  [...text].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0, 2166136261);

/** The changed files of case `index`, and how they are opened. The first of each format are not changed. */
function caseOf(format, seed, index) {
  const rng = random(numbered(`${seed}/${format}/${index}`));
  const targets = DATA[format] ?? COMMANDS[format];
  const target = targets[index % targets.length];
  const files = { ...target.files };
  if (index >= targets.length) {
    const names = Object.keys(files).filter((name) => target.change.test(name));
    const chosen = rng.chance(0.2) ? names : [rng.pick(names)];
    for (const name of chosen) files[name] = suited(name)(rng, files[name]);
    for (const name of names.filter((name) => !chosen.includes(name))) files[name] = asWritten(name, files[name]);
  } else for (const name of Object.keys(files)) files[name] = asWritten(name, files[name]);
  return { ...target, files };
}

/** Runs a case in a folder of its own. */
export async function run(format, seed, index) {
  const { files, spec, argv } = caseOf(format, seed, index);
  const folder = mkdtempSync(join(tmpdir(), "regimen-fuzz-"));
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const [{ maxRSS }, cpu] = [process.resourceUsage(), process.cpuUsage()];
  const outcome = spec ? await opened(spec, folder) : await commanded(argv, folder);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (user + system) / 1e6;
  const bytes = 1024 * (process.resourceUsage().maxRSS - maxRSS);
  rmSync(folder, { recursive: true });
  const wrong =
    outcome.wrong ??
    (seconds > (spec ? LIMITS.reading : LIMITS.training) ? `took ${seconds.toFixed(1)} s` : undefined) ??
    (bytes > LIMITS.bytes ? `took ${Math.round(bytes / 2 ** 20)} MiB` : undefined);
  return { ...outcome, seconds, bytes, ...(wrong && { wrong }) };
}

async function opened(spec, folder) {
  let samples;
  try {
    samples = await openSpec(spec, { base: folder, fit: "cover" });
    const { length, classes, format, skipped } = samples;
    const rows = Array.from({ length: Math.min(length, 64) }, (_, row) => row);
    const { images, boxes, masks } = await samples.read(rows);
    const labels = samples.labels();
    const ids = rows.map((row) => samples.id(row));
    const sound =
      length > 0 &&
      images.length === rows.length * format.h * format.w * format.c &&
      (labels === undefined || labels.length === length * classes.length) &&
      (labels ?? []).every((label) => Number.isNaN(label) || (label >= 0 && label <= 1)) &&
      (boxes?.at ?? []).every(Number.isFinite) &&
      (masks === undefined || masks.every((value) => value === 255 || value < classes.length)) &&
      ids.every((id) => typeof id === "string") &&
      classes.every((name) => typeof name === "string") &&
      skipped.every(({ file, why }) => typeof file === "string" && why.length > 0);
    if (!sound) return { outcome: "valid", wrong: "what was opened does not fit together" };
    return { outcome: skipped.length ? "skip" : "valid" };
  } catch (error) {
    return coded(error);
  } finally {
    samples?.dispose();
  }
}

function coded(error) {
  if (!(error instanceof RegimenError)) return { outcome: "uncoded", wrong: `uncoded: ${error?.stack ?? error}` };
  const odd = [/\bundefined\b/, /\[object Object\]/].find((pattern) =>
    pattern.test(error.message.replace(/cannot be decoded: .*/, "")),
  );
  return { outcome: error.code, ...(odd && { wrong: `says "${error.message.slice(0, 300)}"` }) };
}

class Text extends Writable {
  text = "";
  _write(chunk, _, done) {
    this.text += String(chunk);
    done();
  }
}
/** Of Regimen's plug-ins a few, as this repository has them. */
const PLUGINS = {
  "@regimen/backend-wasm": () => import("@regimen/backend-wasm"),
  "@regimen/data": () => import("@regimen/data"),
  "@regimen/metalearner-halving": () => import("@regimen/metalearner-halving"),
  "@regimen/metalearner-random": () => import("@regimen/metalearner-random"),
  "@regimen/models": () => import("@regimen/models"),
  "@regimen/scaffold-classifier": () => import("@regimen/scaffold-classifier"),
  "@regimen/technique-cutmix": () => import("@regimen/technique-cutmix"),
  "@regimen/technique-label-smoothing": () => import("@regimen/technique-label-smoothing"),
  "@regimen/technique-mixup": () => import("@regimen/technique-mixup"),
};
const host = {
  url: import.meta.url,
  manifest: { name: "fuzz", version: "0.1.0", dependencies: PLUGINS },
  import: (name) => PLUGINS[name](),
};

/** Through the command line, up to the training's first event. */
async function commanded(argv, cwd) {
  const [stdout, stderr, stop] = [new Text(), new Text(), new AbortController()];
  let began = false;
  /** The job, stopped at the first thing that it has done. */
  const begun = (job) => (options) => {
    const running = job({ ...options, signal: stop.signal });
    return {
      then: (fulfilled, rejected) => running.then(fulfilled, rejected),
      async *[Symbol.asyncIterator]() {
        for await (const event of running) {
          if (["progress", "epoch", "trial"].includes(event.kind)) {
            began = true;
            stop.abort();
          }
          yield event;
        }
      },
    };
  };
  const io = {
    cwd,
    env: {},
    stdout,
    stderr,
    host,
    onInterrupt: () => () => undefined,
    createRegimen: async (options) => {
      const regimen = await createRegimen({ ...options, backend: "wasm" });
      const fit = (options) =>
        options.out === undefined
          ? Promise.resolve({ model: { dispose() {} }, imagesPerSecond: 1000 })
          : begun(regimen.fit)(options);
      return { ...regimen, fit, train: begun(regimen.train) };
    },
  };
  const exit = await runCli(argv, io);
  if (began || exit === 0) return { outcome: "valid" };
  const line = stderr.text.trim().split("\n").at(-1) ?? "";
  const { code } = JSON.parse(stdout.text || "{}").error ?? {};
  if (!ERROR_CODES.includes(code)) return { outcome: "uncoded", wrong: `uncoded, exit ${exit}: ${line.slice(0, 500)}` };
  // eslint-disable-next-line no-control-regex
  const odd = [/\n\s+at /, /\bundefined\b/, /\[object Object\]/, /[\0-\x08\x0b-\x1f\x7f]/].find((pattern) =>
    pattern.test(line),
  );
  if (odd || line.length > 2000)
    return { outcome: code, wrong: `says, in ${line.length} characters, ${JSON.stringify(line.slice(0, 300))}` };
  return { outcome: code };
}
