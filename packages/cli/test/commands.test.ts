import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Source } from "@regimen/core";
import { describe, expect, it } from "vitest";
import { misclassifiedCsv } from "../src/commands/evaluate.ts";
import { runFolder } from "../src/job/folder.ts";
import { cli, evaluation, fakeRegimen, temp, write } from "./fake.ts";
import { report } from "./report.ts";

const COMMANDS = [
  ["train"],
  ["init"],
  ["search"],
  ["fit"],
  ["pretrain"],
  ["resume"],
  ["evaluate"],
  ["predict"],
  ["label"],
  ["augment"],
  ["data"],
  ["data", "inspect"],
  ["report"],
  ["studio"],
  ["export"],
  ["new"],
  ["plugins"],
  ["try"],
  ["doctor"],
  ["native"],
];

function photos(): string {
  const cwd = temp();
  for (const name of ["cat", "dog"]) write(cwd, { [`photos/${name}/1.png`]: "", [`photos/${name}/2.png`]: "" });
  return cwd;
}

describe("every command", () => {
  it.each([[], ...COMMANDS].map((command) => [command.join(" "), command] as const))(
    "%s --help has examples, in 80 columns",
    async (_, command) => {
      const { code, out } = await cli([...command, "--help"]);
      expect(code).toBe(0);
      expect(out).toMatch(/Examples:\n {2}\$ regimen /);
      expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
      if (command.length > 0 && command.join() !== "data") expect(out).toMatch(/--json.*\n(.*\n)*.*--quiet/);
    },
  );

  it("is told apart from a slip, with exit code 2", async () => {
    expect(await cli(["trian"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("REG_USAGE: unknown command 'trian' (Did you mean train?)"),
    });
    expect(await cli(["train", "--sed", "3"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("unknown option '--sed'"),
    });
    expect(await cli(["train", "--seed", "x"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("expected a whole number"),
    });
    expect((await cli(["fit", "x"])).err).toContain("--policy");
    expect((await cli(["data"])).code).toBe(2);
    expect((await cli([])).code).toBe(0);
  });

  it("says an error as JSON on stdout too where JSON was asked for", async () => {
    const { code, out, err } = await cli(["train", "nowhere", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: { code: "REG_DATA_PATH", message: expect.stringContaining("there is no nowhere") },
    });
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});

describe("regimen train", () => {
  it("asks for the plan's job, writes the report and says what came of it", async () => {
    const cwd = photos();
    const fake = fakeRegimen(report, [
      { kind: "stage", stage: "baseline", message: "plain training", secondsLeft: 9 },
      { kind: "epoch", training: "baseline", epoch: 1, epochs: 3, logs: { loss: 1.2, val_loss: 1.1 }, secondsLeft: 8 },
      {
        kind: "trial",
        name: "amber-fox-arch",
        policy: { steps: [] },
        done: 1,
        score: { error: 0.3, loss: 0.9, ece: null },
        status: "ok",
        secondsLeft: 5,
      },
      {
        kind: "trial",
        name: "brisk-owl-dune",
        policy: { steps: [] },
        done: 2,
        score: null,
        status: "failed",
        secondsLeft: 5,
      },
      { kind: "warning", code: "REG_X", message: "careful" },
    ]);
    const { code, out, err } = await cli(
      ["train", "photos", "--out", "runs/a", "--no-baseline", "--set", "training.epochs=4"],
      { cwd, createRegimen: fake.createRegimen },
    );
    expect([code, err.includes("regimen:")]).toEqual([0, false]);
    const { options } = fake.jobs[0]!;
    expect(options).toMatchObject({
      model: { architecture: "small-cnn" },
      training: { epochs: 4 },
      seed: 7,
      baseline: false,
      resume: false,
      out: `${cwd}/runs/a`,
    });
    expect(options.data).toMatchObject({ name: "photos", test: { fraction: 0.2 }, validation: { fraction: 0.1 } });
    expect(fake.disposed).toBe(1);
    expect(err).toMatch(/splits +29 train · 3 validation · 8 test/);
    expect(err).toMatch(/● no techniques +loss +0.9000 +error 30.0 % +best so far/);
    expect(err).toMatch(/✕ no techniques +no score +failed/);
    expect(err).toContain("warning REG_X: careful");
    expect(out).toMatch(/mistakes: error fell from/);
    expect(out).toMatch(/dog +400 +60\.0 → +70\.0 +80\.0 → +85\.0/);
    expect(out).toContain("runs/a/report.html");
    expect(readFileSync(`${cwd}/runs/a/report.html`, "utf8")).toContain("<!doctype html>");
    expect([...out.split("\n"), ...err.split("\n")].filter((line) => line.length > 80)).toEqual([]);
    expect(out + err).not.toContain("\u001b");
  });

  it("hands over synthetic images, of several sets by their ratios, read as the training images are", async () => {
    const fake = fakeRegimen(report);
    const cwd = photos();
    const drawn = ["{ path: ./photos, limit: 20, ratio: 1 }", "{ path: ./photos, limit: 10, ratio: 0.5 }"];
    write(cwd, {
      "a.yaml": `data: { train: ./photos, synthetic: [ ${drawn.join(", ")} ] }\ntraining: { epochs: 4 }\n`,
    });
    const { code, err } = await cli(["train", "a.yaml", "--out", "runs/a"], { cwd, createRegimen: fake.createRegimen });
    expect([code, err.includes("30 synthetic")]).toEqual([0, true]);
    const { data, search } = fake.jobs[0]!.options;
    const { length, classes, chance } = (await data.synthetic) as Source;
    expect([length, classes]).toEqual([30, ["cat", "dog"]]);
    const sum = (from: number, to: number) => chance!.subarray(from, to).reduce((all, one) => all + one, 0);
    expect([sum(0, 20), sum(20, 30)]).toEqual([expect.closeTo(1, 5), expect.closeTo(0.5, 5)]);
    expect(search?.space).toEqual({ "@regimen/technique-synthetic": { r: 1.5 } });
  });

  it("gives report.json on stdout, and nothing else there", async () => {
    const { createRegimen } = fakeRegimen(report);
    const { out } = await cli(["train", "photos", "--json"], { cwd: photos(), createRegimen });
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it("is silent but for the result with --quiet", async () => {
    const { createRegimen } = fakeRegimen(report, [{ kind: "stage", stage: "search", message: "s", secondsLeft: 1 }]);
    const { out, err } = await cli(["train", "photos", "--quiet"], { cwd: photos(), createRegimen });
    expect(err).toBe("");
    expect(out).toContain("mistakes");
  });

  it("stops after the plan with --dry-run, having chosen the epochs that fit the time", async () => {
    const fake = fakeRegimen(report);
    const cwd = photos();
    const { code, out } = await cli(["train", "photos", "--dry-run", "--json", "--time", "1s"], {
      cwd,
      createRegimen: fake.createRegimen,
    });
    expect(code).toBe(0);
    // 29 images, three plain runs, 1,000 images a second, 15 % on top: 9 epochs take 0.90 s and 10 take 1.0005 s.
    expect(JSON.parse(out)).toMatchObject({
      job: "train",
      model: { name: "small-cnn", parameters: 1234 },
      data: {
        classes: ["cat", "dog"],
        imageShape: [8, 8, 1],
        splits: { train: 29, validation: 3, test: 8, unlabeled: null, synthetic: null },
      },
      training: { epochs: 9 },
      search: { metalearner: "default", budget: 1, techniques: ["@regimen/technique-mixup"] },
      imagesPerSecond: 1000,
      seconds: expect.closeTo(0.9005, 3),
      folder: expect.stringMatching(/runs\/\d{8}-\d{6}-[a-z]+-[a-z]+-[a-z]+$/),
    });
    expect(fake.jobs).toEqual([]);
    expect(existsSync(`${cwd}/runs`)).toBe(false);
  });

  it("takes every image of --unlabeled, whatever folder it is in", async () => {
    const cwd = photos();
    write(cwd, { "more/2024/a.png": "", "more/2025/b.png": "", "more/c.png": "" });
    const { createRegimen, opened } = fakeRegimen(report);
    const { code } = await cli(["train", "photos", "--unlabeled", "more", "--dry-run"], { cwd, createRegimen });
    expect(code).toBe(0);
    expect(opened).toContainEqual({ format: "image-folder", path: "more", labels: false });
  });

  it("takes a smaller model, then smaller images, where the time would not do, unless they were named", async () => {
    const plan = async (imagesPerSecond: number, more: readonly string[] = []) => {
      const { createRegimen } = fakeRegimen(report, [], undefined, { imagesPerSecond, side: 200 });
      const { out, err } = await cli(["train", "photos", "--dry-run", "--json", "--time", "1m", ...more], {
        cwd: photos(),
        createRegimen,
      });
      expect(err.includes("REG_PLAN_EXCEEDED")).toBe(imagesPerSecond === 1);
      const { model, data, training } = JSON.parse(out) as {
        model: { name: string };
        data: { imageShape: number[] };
        training: { epochs: number };
      };
      return [model.name, data.imageShape[0], training.epochs];
    };
    // 29 images and three plain runs: ten epochs take 1,000 s at one image a second.
    expect(await plan(1000)).toEqual(["resnet18", 200, 200]);
    expect(await plan(1)).toEqual(["small-cnn", 32, 1]);
    expect(await plan(1, ["--set", "model.architecture=resnet20v2"])).toEqual(["resnet20v2", 200, 1]);
    expect(await plan(1, ["--set", "data={ train: ./photos, image: { size: 100 } }"])).toEqual(["small-cnn", 100, 1]);
  });

  it("gives runs that begin in one second, with one seed, folders of their own", () => {
    const cwd = temp();
    const now = new Date(2026, 0, 2, 3, 4, 5);
    const first = runFolder(undefined, 1, cwd, now);
    expect(first).toMatch(/runs\/20260102-030405-[a-z]+-[a-z]+-[a-z]+$/);
    mkdirSync(first, { recursive: true });
    expect(runFolder(undefined, 1, cwd, now)).toBe(`${first}-2`);
  });

  it("does not touch an --out that exists, and says what may have been meant", async () => {
    const cwd = photos();
    mkdirSync(`${cwd}/runs/a`, { recursive: true });
    const { code, err } = await cli(["train", "photos", "--out", "runs/a"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain(
      "regimen: REG_RUN_EXISTS: runs/a exists already; to go on with that run: regimen resume runs/a; to start another: --out runs/a-2",
    );
  });

  it("names unknown metalearners and architectures", async () => {
    const { createRegimen } = fakeRegimen(report);
    const ask = async (set: string) => cli(["train", "photos", "--set", set], { cwd: photos(), createRegimen });
    expect(await ask("search.metalearner=xyz")).toMatchObject({
      code: 2,
      err: expect.stringContaining("REG_METALEARNER_UNKNOWN"),
    });
    expect(await ask("model.architecture=small-cn")).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'REG_MODEL_ARCHITECTURE: no installed package offers the architecture "small-cn"; the nearest is "small-cnn"',
      ),
    });
  });
});

describe("a job", () => {
  const aborted = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((_, no) => signal?.addEventListener("abort", () => no(signal.reason)));

  it("that is interrupted says how to go on, with exit code 130", async () => {
    const cwd = photos();
    const fake = fakeRegimen(report, [], aborted);
    const onInterrupt = (stop: () => void) => {
      const timer = setInterval(() => fake.jobs.length > 0 && stop(), 5);
      return () => clearInterval(timer);
    };
    const { code, err } = await cli(["train", "photos", "--out", "runs/a"], {
      cwd,
      createRegimen: fake.createRegimen,
      onInterrupt,
    });
    expect(code).toBe(130);
    expect(err).toContain("To go on: regimen resume runs/a");
    expect(fake.disposed).toBe(1);
  });

  it("goes on by resume with what it was started with, from anywhere", async () => {
    const cwd = photos();
    const first = fakeRegimen(report);
    const started = ["train", "photos", "--out", "runs/a", "--seed", "11", "--no-baseline", "--budget", "0.5"];
    await cli(started, { cwd, createRegimen: first.createRegimen });
    const again = fakeRegimen(report);
    const { code } = await cli(["resume", `${cwd}/runs/a`], { cwd: temp(), createRegimen: again.createRegimen });
    expect(code).toBe(0);
    const { options } = again.jobs[0]!;
    expect(options).toMatchObject({
      resume: true,
      out: `${cwd}/runs/a`,
      seed: 11,
      baseline: false,
      search: { budget: 0.5 },
    });
    expect(options.training).toEqual(first.jobs[0]!.options.training);
    expect(again.asked[0]!.backend).toBe("fake");
    expect(JSON.parse(readFileSync(`${cwd}/runs/a/run.json`, "utf8"))).toMatchObject({
      config: { command: `regimen ${started.join(" ")}`, cwd },
    });
    // And by --resume, with the same configuration only.
    const third = fakeRegimen(report);
    expect((await cli([...started, "--resume"], { cwd, createRegimen: third.createRegimen })).code).toBe(0);
    expect(third.jobs[0]!.options).toMatchObject({ resume: true, training: options.training! });
    const other = await cli(["train", "photos", "--out", "runs/a", "--seed", "12", "--resume"], {
      cwd,
      createRegimen: third.createRegimen,
    });
    expect(other).toMatchObject({
      code: 2,
      err: expect.stringMatching(/REG_RUN_MISMATCH: runs\/a was started with another seed, search/),
    });
  });

  it("tries policies of other searches first, and says where there are none", async () => {
    const cwd = photos();
    const train = { epochs: 3, batchSize: 8, learningRate: 0.1, optimizer: "sgd", schedule: "cosine" };
    const policy = { format: 1, name: "a-b-c", engine: "0", seed: 1, train, steps: [] };
    mkdirSync(`${cwd}/earlier`);
    writeFileSync(`${cwd}/earlier/policy.json`, JSON.stringify(policy));
    const fake = fakeRegimen(report);
    await cli(["train", "photos", "--warm", "earlier", "--out", "runs/w"], { cwd, createRegimen: fake.createRegimen });
    expect(fake.jobs[0]!.options).toMatchObject({ search: { warm: [policy] } });
    await cli(["resume", `${cwd}/runs/w`], { cwd: temp(), createRegimen: fake.createRegimen });
    expect(fake.jobs[1]!.options).toMatchObject({ search: { warm: [policy] } });
    await cli(["train", "photos", "--warm", "small-photos", "--out", "runs/p"], {
      cwd,
      createRegimen: fake.createRegimen,
    });
    expect(fake.jobs[2]!.options).toMatchObject({ search: { warm: [{ format: 1 }] } });
    const none = await cli(["train", "photos", "--warm", "nowhere"], { cwd, createRegimen: fake.createRegimen });
    expect(none).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /REG_POLICY_INVALID: search\.warm got ".*nowhere", where there is no policy;[^]*small-photos/,
      ),
    });
  });

  it("that fails ends with 1 and one line; a full disk is told as such", async () => {
    const broken = fakeRegimen(report, [], () => Promise.reject(new Error("boom\nat somewhere")));
    expect(await cli(["train", "photos"], { cwd: photos(), createRegimen: broken.createRegimen })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\nregimen: boom at somewhere\n$/),
    });
    const full = fakeRegimen(report, [], () =>
      Promise.reject(Object.assign(new Error("no"), { code: "ENOSPC", path: "/x" })),
    );
    expect(await cli(["train", "photos"], { cwd: photos(), createRegimen: full.createRegimen })).toMatchObject({
      code: 1,
      err: expect.stringContaining("REG_DISK: no space is left on the disk at /x"),
    });
    const traced = await cli(["train", "photos"], {
      cwd: photos(),
      createRegimen: broken.createRegimen,
      env: { REGIMEN_DEBUG: "1" },
    });
    expect(traced.err).toContain("at ");
  });

  it("that is not there cannot go on", async () => {
    expect(await cli(["resume", "nowhere"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("REG_RUN_MISSING: nowhere holds no run"),
    });
    const cwd = temp();
    write(cwd, { "a/run.json": { config: null } });
    expect(await cli(["resume", "a"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining("REG_RUN_MISMATCH"),
    });
    expect(await cli(["report", "a"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining("REG_RUN_MISSING: a has no report.json"),
    });
  });
});

describe("the others", () => {
  it("fit answers with the fields of the contract", async () => {
    const cwd = photos();
    const { createRegimen } = fakeRegimen(report);
    const { out } = await cli(["fit", "photos", "--policy", "none", "--out", "runs/f", "--json"], {
      cwd,
      createRegimen,
    });
    const answer = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(answer)).toEqual([
      "run",
      "policy",
      "seed",
      "backend",
      "captured",
      "parameters",
      "imagesSeen",
      "seconds",
      "imagesPerSecond",
      "validation",
      "test",
    ]);
    expect(answer).toMatchObject({
      run: `${cwd}/runs/f`,
      validation: { error: 0.25, loss: 0.5 },
      test: { error: 0.5, loss: 0.7, ece: 0.1 },
    });
    expect((await cli(["fit", "photos", "--policy", "gone.json"], { cwd, createRegimen })).err).toContain(
      'REG_POLICY_INVALID: --policy got "gone.json"',
    );
  });

  it("fit takes a policy that somebody wrote, and says what is wrong with it", async () => {
    const cwd = photos();
    const { createRegimen } = fakeRegimen(report);
    const fit = (policy: unknown) => {
      write(cwd, { "mine.json": policy as object });
      return cli(["fit", "photos", "--policy", "mine.json", "--dry-run"], { cwd, createRegimen });
    };
    const good = await fit({ steps: [{ use: "@regimen/technique-mixup" }], train: { epochs: 7 } });
    expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/policy +by hand/) });
    for (const [policy, told] of [
      [{ steps: [{ with: {} }] }, 'has a step 1 without "use"'],
      [{ steps: {} }, "has steps {}"],
      [{ step: [] }, "has no format"],
    ] as const)
      expect(await fit(policy)).toMatchObject({
        code: 2,
        err: expect.stringContaining(`REG_POLICY_INVALID: the policy ${told}`),
      });
  });

  it("search answers with the policy and its cost", async () => {
    const { createRegimen } = fakeRegimen(report);
    const { out } = await cli(["search", "photos", "--json"], { cwd: photos(), createRegimen });
    expect(JSON.parse(out)).toMatchObject({
      format: 1,
      name: "calm-fox-pier",
      steps: [{}],
      cost: { trained: 100, inferred: 30, seconds: 12, imagesSeen: 110 },
    });
  });

  it("misclassified images come worst first, quoted where needed, unlabelled ones not at all", () => {
    expect(misclassifiedCsv(evaluation)).toBe(
      'file,label,predicted,probability,probability of label\nc.png,"dog, wet",cat,0.8,0.2\nb.png,cat,"dog, wet",0.6,0.4\n',
    );
  });

  it("report writes the page and the charts of a run", async () => {
    const cwd = temp();
    write(cwd, { "a/report.json": report });
    const { code, out } = await cli(["report", "a", "--out", "p.html", "--charts", "c", "--json"], { cwd });
    expect(code).toBe(0);
    const { charts } = JSON.parse(out) as { charts: string[] };
    expect(existsSync(`${cwd}/p.html`) && charts.length > 0 && charts.every((file) => existsSync(file))).toBe(true);
  });
});
