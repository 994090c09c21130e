import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { source, type Evaluation, type Regimen } from "@regimen/core";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readSettings, spellOut } from "../src/config/settings.ts";
import { compareAll } from "../src/job/paired.ts";
import { namesOf } from "../src/new/package.ts";
import { cli, fakeRegimen, install, techniqueCode, temp, write } from "./fake.ts";
import { report } from "./report.ts";

async function photos(names = ["cat", "dog"]): Promise<string> {
  const cwd = temp();
  for (const [c, name] of names.entries())
    for (let i = 0; i < 4; i++) {
      write(cwd, { [`photos/${name}/${i}.png`]: "" });
      const create = { width: 9, height: 8, channels: 3, background: { r: 60 * c, g: 50 * i, b: 9 } } as const;
      await sharp({ create })
        .png()
        .toFile(join(cwd, `photos/${name}/${i}.png`));
    }
  return cwd;
}

describe("regimen init", () => {
  it("writes a configuration that means what the folder alone does, and says what it found", async () => {
    const cwd = await photos(["cat", "# dog: {wet}", "größe 🐟"]);
    writeFileSync(join(cwd, "photos/cat/broken.png"), "no picture");
    const { code, out } = await cli(["init", "photos"], { cwd });
    expect(code).toBe(0);
    expect(out).toMatch(/3 classes: # dog: \{wet\} \(4\), cat \(4\), größe 🐟 \(4\)[^]*next +regimen train\n/);
    const text = readFileSync(join(cwd, "regimen.yaml"), "utf8");
    expect(text).toContain("# left out: photos/cat/broken.png: not an image");
    const { config } = readSettings(undefined, {}, cwd);
    expect(config).toMatchObject({
      task: "classification",
      data: { train: { path: "photos" }, validation: { fraction: 0.1 }, test: { fraction: 0.2 } },
      model: { architecture: "auto" },
      seed: 7,
    });
  });

  it("finds splits, and overwrites nothing", async () => {
    const cwd = await photos();
    const more = await photos();
    const { code } = await cli(["init", join(more, "photos"), "--out", "other.yaml"], { cwd });
    expect(code).toBe(0);
    expect(readSettings("other.yaml", {}, cwd).config.data).toMatchObject({ train: { path: join(more, "photos") } });
    expect(await cli(["init", "photos", "--out", "other.yaml"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining("REG_RUN_EXISTS: other.yaml exists already"),
    });
    expect((await cli(["init", "phtos"], { cwd })).code).toBe(2);
  });
});

describe("--set data.…", () => {
  it("reaches into a folder that was named on the command line", async () => {
    const cwd = await photos();
    const set = [{ path: ["data", "image", "size"], value: 32, option: "--set data.image.size" }];
    write(cwd, { "regimen.yaml": "data: elsewhere\n" });
    expect(readSettings("photos", { set }, cwd, await spellOut("photos", { set }, cwd)).config.data).toMatchObject({
      train: { format: "image-folder", path: "photos" },
      test: { fraction: 0.2 },
      validation: { fraction: 0.1 },
      image: { size: 32 },
    });
    expect(await spellOut("regimen.yaml", { set }, cwd)).toBeUndefined();
    expect(await spellOut("photos", {}, cwd)).toBeUndefined();
  });
});

describe("--unlabeled", () => {
  it("adds images to a folder or a configuration that was named, from where it was called", async () => {
    const cwd = await photos();
    write(cwd, { "more/a.png": "", "there/regimen.yaml": "data: { train: ./x }\nseed: 3\n" });
    const data = async (target: string, unlabeled: string) => {
      const flags = { unlabeled };
      return readSettings(target, flags, cwd, await spellOut(target, flags, cwd)).config.data;
    };
    expect(await data("photos", "./more")).toMatchObject({
      train: { format: "image-folder", path: "photos" },
      test: { fraction: 0.2 },
      unlabeled: "./more",
    });
    expect(await data("there/regimen.yaml", "more")).toEqual({ train: "./x", unlabeled: join(cwd, "more") });
    expect(await data("there/regimen.yaml", "image-folder:more")).toEqual({
      train: "./x",
      unlabeled: `image-folder:${join(cwd, "more")}`,
    });
    await expect(data("photos", "mroe")).rejects.toThrow(/REG_DATA_PATH: there is no mroe; .* --unlabeled .\/more/);
  });

  it("says where a configuration has no place for it", async () => {
    const cwd = await photos();
    write(cwd, { "regimen.yaml": "data: ./photos\n" });
    expect(await cli(["train", "regimen.yaml", "--unlabeled", "photos"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining('--unlabeled: in regimen.yaml, "data" has no keys below it'),
    });
  });
});

describe("regimen new", () => {
  it("takes names as people write them, and refuses others", () => {
    const names = { package: "regimen-technique-light-fog", short: "light-fog", ident: "lightFog", title: "LightFog" };
    for (const given of ["light-fog", "technique-light-fog", "regimen-technique-light-fog"])
      expect(namesOf("technique", given)).toEqual(names);
    expect(namesOf("reader", "@you/dicom").package).toBe("@you/regimen-reader-dicom");
    for (const given of ["Fog", "light_fog", "-fog", "9fog", "", "../fog", "delete", "@you/"])
      expect(() => namesOf("technique", given), given).toThrow(/REG_USAGE/);
  });
});

/** `right`: how often each image's own class was given, of so many images. */
const seen = (chances: readonly number[]): Evaluation =>
  ({
    images: chances.length,
    predictions: chances.map((p, i) => ({
      id: `${i}`,
      label: 0,
      predicted: Number(p < 0.5),
      probabilities: [p, 1 - p],
    })),
  }) as unknown as Evaluation;

describe("the comparison of pairs", () => {
  const chances = Array.from({ length: 200 }, (_, i) => 0.3 + (i % 7) / 10);
  const lift = (by: number) => seen(chances.map((p) => Math.min(0.99, p + by)));

  it("knows a technique that helps on each image from one that hurts, and from none", () => {
    const pairs = (by: number) => [0, 0.01, 0.02].map((own) => ({ plain: lift(own), with: lift(own + by) }));
    expect(compareAll(pairs(0.1)).verdict).toBe("helps");
    expect(compareAll(pairs(-0.1)).verdict).toBe("hurts");
    expect(compareAll(pairs(0))).toMatchObject({ verdict: "no-difference", loss: { difference: 0 } });
  });

  it("goes by the task's own error where answers are more or less wrong", () => {
    const graded = (error: number, loss: number) =>
      ({
        images: 40,
        error,
        loss,
        predictions: chances.slice(0, 40).map((p, i) => ({ id: `${i}`, label: -1, error: error + (p - 0.6) / 10 })),
      }) as unknown as Evaluation;
    const pairs = (...by: number[]) => by.map((own) => ({ plain: graded(0.3, 1), with: graded(0.3 - own, 2) }));
    const { error, loss, verdict } = compareAll(pairs(0.1, 0.101, 0.099));
    expect(verdict).toBe("helps");
    expect(error.plain).toBeCloseTo(0.3);
    expect(error.with).toBeCloseTo(0.2);
    expect(error.difference).toBeCloseTo(-0.1);
    expect(loss.difference).toBeCloseTo(1);
    expect(compareAll(pairs(0.2, -0.1, 0.05)).verdict).toBe("no-difference");
    const [lo, hi] = compareAll(pairs(0.5, -0.5)).error.interval;
    expect([lo, hi]).toEqual([-1, 1]);
  });

  it("does not take one lucky seed for an effect", () => {
    const pairs = [-0.02, 0.3, -0.05].map((by) => ({ plain: lift(0), with: lift(by) }));
    const { verdict, loss, error } = compareAll(pairs);
    expect(loss.difference).toBeLessThan(0);
    expect(verdict).toBe("no-difference");
    expect(error.interval[0]).toBeGreaterThanOrEqual(-1);
  });
});

/** Forty images, all different: equal ones are never on both sides of a split. */
const pictures = source({
  name: "photos",
  length: 40,
  format: { h: 8, w: 8, c: 1, range: [0, 255] },
  classes: ["cat", "dog"],
  skipped: [],
  labels: () => Float32Array.from({ length: 80 }, (_, i) => Number(i % 2 === Math.floor(i / 2) % 2)),
  id: (row) => `${row}.png`,
  read: async (rows) => ({
    images: Uint8Array.from({ length: 64 * rows.length }, (_, i) => rows[Math.floor(i / 64)]!),
  }),
  dispose: () => undefined,
});

describe("a plug-in in a folder of its own", () => {
  const manifest = { name: "fog", version: "1.2.3", type: "module", exports: { ".": { default: "./dist/index.js" } } };
  const plugins = (cwd: string) => cli(["plugins", "--plugin", "./fog", "--json"], { cwd });

  it("is found by what its package.json exports", async () => {
    const cwd = temp();
    write(join(cwd, "fog"), { "package.json": manifest, "dist/index.js": techniqueCode("fog") });
    expect(JSON.parse((await plugins(cwd)).out)).toMatchObject([{ name: "fog", kind: "technique" }]);
  });

  it("that is not built, or made for another contract, is an error that says so", async () => {
    const cwd = temp();
    write(join(cwd, "fog"), { "package.json": manifest });
    expect((await plugins(cwd)).err).toMatch(/REG_PLUGIN_INVALID.*without an entry point; build it \(npm run build\)/);
    write(join(cwd, "fog"), { "package.json": { ...manifest, regimen: { kind: "technique", api: 2 } } });
    expect((await plugins(cwd)).err).toMatch(/REG_PLUGIN_API.*"api": 2.*this Regimen speaks api 1/);
  });
});

describe("regimen try", () => {
  const world = async () => {
    const cwd = await photos();
    write(cwd, { "package.json": { dependencies: { fog: "1" } } });
    install(cwd, "fog", { regimen: { kind: "technique", api: 1 } }, techniqueCode("fog"));
    const { createRegimen } = fakeRegimen(report);
    const asked: unknown[] = [];
    const create = async (options: Parameters<typeof createRegimen>[0]): Promise<Regimen> => {
      const fake = await createRegimen(options);
      const techniques = options.plugins.map(({ name }) => ({ name, version: "1.2.3" }));
      return {
        ...fake,
        registered: { ...fake.registered, techniques: techniques as never },
        fit(job) {
          const on = typeof job.policy === "object" && job.policy.steps.length > 0;
          if (job.data.test) asked.push([job.seed, job.policy]);
          const test = seen(Array.from({ length: 100 }, (_, i) => (on ? 0.8 : 0.6) + (i % 5) / 50));
          const work = fake.fit(job);
          const tested = work.then((result) => ({ ...result, test }));
          return {
            [Symbol.asyncIterator]: () => work[Symbol.asyncIterator](),
            then: (yes, no) => tested.then(yes, no),
          };
        },
        open: async () => pictures,
      };
    };
    return { cwd, asked, createRegimen: create };
  };

  it("trains in pairs of one seed each, the technique first, and says what that showed", async () => {
    const { asked, ...io } = await world();
    const { code, out } = await cli(["try", "fog", "--data", "photos", "--seeds", "2", "--json"], io);
    expect(code).toBe(0);
    const on = { steps: [{ use: "fog", with: {} }] };
    expect(asked).toEqual([
      [7, on],
      [7, { steps: [] }],
      [8, on],
      [8, { steps: [] }],
    ]);
    expect(JSON.parse(out)).toMatchObject({ technique: "fog", seeds: 2, images: 100, verdict: "helps" });
    const told = await cli(["try", "fog", "--data", "photos", "--seeds", "2", "--quiet"], io);
    expect(told.out).toMatch(/error +0.0 % → 0.0 %[^]*loss +0.\d+ → 0.\d+ · difference -0.\d+ to -0.\d+ \(95 %\)/);
    expect(told.out).toContain("it helps here, by more than chance");
  });

  it("refuses what is no technique, and one seed alone", async () => {
    const { asked: _, ...io } = await world();
    expect(await cli(["try", "nothing", "--data", "photos"], io)).toMatchObject({
      code: 2,
      err: expect.stringContaining("REG_PLUGIN_MISSING"),
    });
    expect((await cli(["try", "fog", "--data", "photos", "--seeds", "1"], io)).err).toContain("expected 2 to 50 pairs");
  });
});
