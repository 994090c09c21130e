// A technique, a reader and a metalearner that live outside of the workspace, on what the build made: they pass the kit, are
// discovered, take part in a search, and report and policy name them. All three are what `regimen new` makes, as it is.
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages/regimen/dist/bin.js");
const built = existsSync(bin);
const execute = promisify(execFile);
const TECHNIQUE = "regimen-technique-light-fog";
const READER = "regimen-reader-light-fog";
const LEARNER = "regimen-metalearner-light-fog";

let away: string;
const at = (...parts: string[]): string => join(away, ...parts);
async function run(command: string, args: readonly string[], cwd = away): Promise<string> {
  const env = { ...process.env, NO_COLOR: "1" };
  const { stdout } = await execute(command, args, { cwd, env, maxBuffer: 2 ** 26 }).catch(
    (error: { stdout: string; stderr: string }) => expect.fail(`${args.join(" ")}:\n${error.stdout}${error.stderr}`),
  );
  return stdout;
}
const regimen = (...args: string[]): Promise<string> => run(process.execPath, [bin, ...args], at("app"));
const tool = (name: string, args: readonly string[], cwd = away): Promise<string> =>
  run(join(root, "node_modules/.bin", name), args, cwd);
function link(name: string, to: string): void {
  mkdirSync(dirname(at("node_modules", name)), { recursive: true });
  symlinkSync(to, at("node_modules", name));
}
const write = (file: string, content: string | object): void => {
  mkdirSync(dirname(at(file)), { recursive: true });
  writeFileSync(at(file), typeof content === "string" ? content : JSON.stringify(content));
};

/** A metalearner that is sure of itself: it takes what there is, tried or not. The kit would refuse it. */
const SURE = `import { completeParams, mergeFragments } from "@regimen/core";
import { openTechniques } from "@regimen/proposals";

const all = (problem) => {
  const steps = openTechniques(problem).map((one) => ({ use: one.name, with: completeParams(one, {}) }));
  return mergeFragments(problem.base, { steps });
};
export default {
  name: "sure",
  claims: (what) => "space" in what,
  init: (problem) => ({ problem }),
  ask: (state) => [{ kind: "done", ok: true }, state],
  tell: (state) => state,
  best: ({ problem }) => all(problem),
};
`;

beforeAll(async () => {
  if (!built) return;
  away = realpathSync(mkdtempSync(join(tmpdir(), "regimen-away-")));
  for (const group of ["", "backends", "scaffolds", "techniques", "metalearners"])
    for (const folder of readdirSync(join(root, "packages", group)).map((name) => join(root, "packages", group, name)))
      if (existsSync(join(folder, "package.json")))
        link((JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string }).name, folder);
  for (const name of ["core", "layers", "backend-cpu"])
    link(`@tensorflow/tfjs-${name}`, join(root, "packages/testkit/node_modules/@tensorflow", `tfjs-${name}`));
  link("vitest", join(root, "node_modules/vitest"));
  write("app/package.json", {
    private: true,
    dependencies: { regimen: "*", [TECHNIQUE]: "*", [READER]: "*", [LEARNER]: "*" },
  });
  for (const kind of ["technique", "metalearner", "reader"]) {
    await regimen("new", kind, "light-fog", "--out", at(`regimen-${kind}-light-fog`));
    await tool("tsup", ["src/index.ts", "--format", "esm"], at(`regimen-${kind}-light-fog`));
    link(`regimen-${kind}-light-fog`, at(`regimen-${kind}-light-fog`));
  }
  write("app/sure.mjs", SURE);
  const lines = Array.from({ length: 60 }, (_, i) => {
    const pixels = Array.from({ length: 64 }, (_, p) => (40 + 120 * (i % 2) + ((p * (i + 3)) % 37)) % 256);
    return JSON.stringify({ label: i % 2 ? "fog" : "clear", height: 8, width: 8, pixels });
  });
  write("app/pictures.jsonl", `${lines.join("\n")}\n`);
  write(
    "app/regimen.yaml",
    `plugins: [${TECHNIQUE}] # and no other technique
data: { name: weather, train: { format: light-fog, path: pictures.jsonl }, test: { fraction: 0.3 } }
model: { architecture: small-cnn }
search: { metalearner: light-fog, budget: 0.5 }
training: { epochs: 2, batchSize: 8 }
`,
  );
});
afterAll(() => built && rmSync(away, { recursive: true }));

describe.skipIf(!built)(`plug-ins of other people${built ? "" : " (skipped: run npm run setup first)"}`, () => {
  it("pass the kit", async () => {
    write("vitest.config.mjs", "export default { test: { testTimeout: 60_000 } };\n");
    const told = JSON.parse(await tool("vitest", ["run", "--reporter=json"])) as {
      numFailedTests: number;
      numPassedTests: number;
      testResults: { assertionResults: { fullName: string }[] }[];
    };
    expect(told.numFailedTests).toBe(0);
    const names = told.testResults.flatMap(({ assertionResults }) => assertionResults.map(({ fullName }) => fullName));
    for (const whose of [`${TECHNIQUE} `, `package ${READER} `, "light-fog "])
      expect(names.filter((name) => name.startsWith(whose)).length, whose).toBeGreaterThan(1);
  });

  it("are discovered", async () => {
    const listed = JSON.parse(await regimen("plugins", "--json")) as { plugin: string; kind: string; name: string }[];
    const found = listed.filter(({ plugin }) => [TECHNIQUE, READER, LEARNER].includes(plugin));
    expect(found.map(({ kind, plugin }) => `${kind} ${plugin}`).sort()).toEqual([
      `metalearner ${LEARNER}`,
      `reader ${READER}`,
      `technique ${TECHNIQUE}`,
    ]);
  });

  it("take part in a search, and report and policy name them", async () => {
    const train = async (out: string, ...more: string[]) =>
      JSON.parse(await regimen("train", "--out", out, "--backend", "wasm", "--json", ...more)) as {
        dataset: { name: string };
        search: { metalearner: string };
        policy: { steps: { use: string }[] };
      };
    const report = await train("run");
    expect(report).toMatchObject({ dataset: { name: "weather" }, search: { metalearner: "light-fog" } });
    expect(JSON.stringify(report.search)).toContain(TECHNIQUE);
    const { plugins } = JSON.parse(readFileSync(at("app/run/run.json"), "utf8")) as { plugins: object };
    expect(plugins).toMatchObject({ [TECHNIQUE]: "0.0.0", [READER]: "0.0.0", [LEARNER]: "0.0.0" });
    const sure = await train("sure", "--set", "search.metalearner=./sure.mjs");
    const page = readFileSync(at("app/sure/report.html"), "utf8");
    for (const name of [TECHNIQUE, "sure", "weather"]) expect(page).toContain(name);
    expect(sure.policy.steps.map(({ use }) => use)).toEqual([TECHNIQUE]);
    const step = { use: TECHNIQUE, version: "0.0.0", with: { m: 0.5, rr: 0.5 } };
    expect(JSON.parse(readFileSync(at("app/sure/policy.json"), "utf8"))).toMatchObject({ steps: [step] });
    // It trains again by its policy alone.
    await regimen("fit", "--policy", "sure", "--out", "again", "--backend", "wasm", "--quiet");
    expect(JSON.parse(readFileSync(at("app/again/policy.json"), "utf8"))).toMatchObject({ steps: [step] });
  });
});
