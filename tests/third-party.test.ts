// A technique, a reader and a metalearner that live outside of the workspace, on what the build made: they pass the kit, are
// discovered, take part in a search, and report and policy name them. The first two are what `regimen new` makes, as it is.
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
const LEARNER = "@somebody/regimen-metalearner-foggy";

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

/** Takes the first technique whose name speaks of fog, else the first of all, after one short trial. */
const FOGGY = `import { completeParams, mergeFragments } from "@regimen/core";
import { openTechniques } from "@regimen/proposals";

function wanted(problem) {
  const all = openTechniques(problem);
  const one = all.find(({ name }) => name.includes("fog")) ?? all[0];
  return one ? mergeFragments(problem.base, { steps: [{ use: one.name, with: completeParams(one, {}) }] }) : problem.base;
}
export const create = () => ({
  name: "foggy",
  claims: (what) => "space" in what,
  init: (problem) => ({ problem, asked: false, told: false }),
  ask(state) {
    if (state.told) return [{ kind: "done", ok: true }, state];
    if (state.asked) return [{ kind: "wait" }, state];
    const { problem } = state;
    const until = Math.floor(0.1 * problem.plain.trained);
    const trial = { kind: "trial", id: "foggy", policy: wanted(problem), until, horizon: until, seed: problem.seed };
    return [trial, { ...state, asked: true }];
  },
  tell: (state) => ({ ...state, told: true }),
  best: ({ problem }) => wanted(problem),
});
export default {
  name: "${LEARNER}",
  version: "3.2.1",
  register: (into) => into.metalearner({ name: "foggy", version: "3.2.1", create }),
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
  for (const kind of ["technique", "reader"]) {
    await regimen("new", kind, "light-fog", "--out", at(`regimen-${kind}-light-fog`));
    await tool("tsup", ["src/index.ts", "--format", "esm"], at(`regimen-${kind}-light-fog`));
    link(`regimen-${kind}-light-fog`, at(`regimen-${kind}-light-fog`));
  }
  const manifest = { name: LEARNER, version: "3.2.1", type: "module", exports: "./index.js" };
  write("foggy/package.json", { ...manifest, regimen: { kind: "metalearner", api: 1 } });
  write("foggy/index.js", FOGGY);
  write(
    "foggy/test/laws.test.js",
    `import { metalearnerLaws } from "@regimen/testkit";
import { describe, test } from "vitest";
import { create } from "../index.js";
metalearnerLaws(create, { describe, test });
`,
  );
  link(LEARNER, at("foggy"));
  const lines = Array.from({ length: 60 }, (_, i) => {
    const pixels = Array.from({ length: 64 }, (_, p) => (40 + 120 * (i % 2) + ((p * (i + 3)) % 37)) % 256);
    return JSON.stringify({ label: i % 2 ? "fog" : "clear", height: 8, width: 8, pixels });
  });
  write("app/pictures.jsonl", `${lines.join("\n")}\n`);
  write(
    "app/regimen.yaml",
    `data: { name: weather, train: { format: light-fog, path: pictures.jsonl }, test: { fraction: 0.3 } }
model: { architecture: small-cnn }
search: { metalearner: foggy, budget: 0.5 }
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
    for (const whose of [`${TECHNIQUE} `, `package ${READER} `, "foggy "])
      expect(names.filter((name) => name.startsWith(whose)).length, whose).toBeGreaterThan(1);
  });

  it("are discovered", async () => {
    const listed = JSON.parse(await regimen("plugins", "--json")) as { plugin: string; kind: string; name: string }[];
    const found = listed.filter(({ plugin }) => [TECHNIQUE, READER, LEARNER].includes(plugin));
    expect(found.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      "metalearner foggy",
      "reader light-fog",
      `technique ${TECHNIQUE}`,
    ]);
  });

  it("take part in a search, and report and policy name them", async () => {
    const report = JSON.parse(await regimen("train", "--out", "run", "--backend", "wasm", "--json")) as {
      search: { metalearner: string };
      policy: { steps: { use: string }[] };
    };
    expect(report.search.metalearner).toBe("foggy");
    expect(report.policy.steps.map(({ use }) => use)).toEqual([TECHNIQUE]);
    const policy = JSON.parse(readFileSync(at("app/run/policy.json"), "utf8")) as unknown;
    expect(policy).toMatchObject({ steps: [{ use: TECHNIQUE, version: "0.0.0", with: { m: 0.5, rr: 0.5 } }] });
    const { plugins } = JSON.parse(readFileSync(at("app/run/run.json"), "utf8")) as { plugins: object };
    expect(plugins).toMatchObject({ [TECHNIQUE]: "0.0.0", [READER]: "0.0.0", [LEARNER]: "3.2.1" });
    const page = readFileSync(at("app/run/report.html"), "utf8");
    for (const name of [TECHNIQUE, READER, LEARNER]) expect(page).toContain(name);
    // The policy trains again, by the technique that is installed; elsewhere it is said what to install.
    await regimen("fit", "--policy", "run", "--out", "again", "--backend", "wasm", "--quiet");
    expect(JSON.parse(readFileSync(at("app/again/policy.json"), "utf8"))).toMatchObject({
      steps: [{ use: TECHNIQUE }],
    });
  });
});
