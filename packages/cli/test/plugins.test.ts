import { describe, expect, it } from "vitest";
import { findPlugins } from "../src/plugins/find.ts";
import { loadPlugins } from "../src/plugins/load.ts";
import { cli, install, pluginCode, techniqueCode, temp, write } from "./fake.ts";

const field = (kind: string, api = 1) => ({ regimen: { kind, api } });
const host = (
  dependencies: Readonly<Record<string, string>> = {},
  modules: Readonly<Record<string, unknown>> = {},
  url = import.meta.url,
) => ({
  url,
  manifest: { name: "host", version: "1.0.0", dependencies },
  import: async (name: string) => modules[name],
});
const names = async (cwd: string, named: readonly string[] = [], of = host()): Promise<string[]> =>
  (await loadPlugins({ cwd, host: of }, named)).map(({ plugin }) => plugin.name);

describe("plug-ins are found", () => {
  it("among the direct dependencies of the nearest package.json upward, by their manifests alone", () => {
    const root = temp();
    write(root, {
      "package.json": { dependencies: { a: "1", plain: "1", absent: "1" }, devDependencies: { b: "1" } },
      "deep/er/x.txt": "",
    });
    install(root, "a", field("technique"), 'throw new Error("imported")');
    install(root, "b", field("reader"), 'throw new Error("imported")');
    install(root, "plain", {}, 'throw new Error("imported")');
    install(root, "lurking", field("technique"), 'throw new Error("imported")');
    expect(findPlugins(`${root}/deep/er`)).toEqual([
      { name: "a", version: "1.2.3", kind: "technique" },
      { name: "b", version: "1.2.3", kind: "reader" },
    ]);
  });

  it("only with the interface that is spoken here", () => {
    const root = temp();
    write(root, { "package.json": { dependencies: { a: "1" } } });
    install(root, "a", field("technique", 2), "");
    expect(() => findPlugins(root)).toThrow(/REG_PLUGIN_API: "a" says .*"api": 2.* speaks api 1/);
    install(root, "a", field("wizard"), "");
    expect(() => findPlugins(root)).toThrow(/REG_PLUGIN_INVALID: "a" says .*"wizard".*expected one of technique/);
  });

  it("even where package.json is not exported", () => {
    const root = temp();
    write(root, { "package.json": { dependencies: { a: "1" } } });
    install(root, "a", { ...field("reader"), exports: { ".": "./index.js" } }, pluginCode("a"));
    expect(findPlugins(root)).toHaveLength(1);
  });
});

describe("plug-ins are loaded", () => {
  it("from the user's dependencies and the host's, the user's first", async () => {
    const root = temp();
    write(root, { "package.json": { dependencies: { a: "1", shared: "1" } } });
    install(root, "a", field("reader"), pluginCode("a"));
    install(root, "shared", field("reader"), pluginCode("shared"));
    const home = temp();
    install(home, "own", field("reader"), "");
    install(home, "shared", field("reader"), "");
    const modules = { own: { default: { name: "own", version: "1", register: () => undefined } } };
    expect(await names(root, [], host({ own: "1", shared: "1" }, modules, `file://${home}/index.js`))).toEqual([
      "own",
      "a",
      "shared",
    ]);
  });

  it("by name or path; where techniques are named, no other technique is", async () => {
    const root = temp();
    write(root, {
      "package.json": { dependencies: { a: "1", r: "1" } },
      "mine.mjs": techniqueCode("mine"),
      "learner.mjs": pluginCode("l", 'into.metalearner({ name: "l" });'),
    });
    install(root, "a", field("technique"), techniqueCode("a"));
    install(root, "r", field("reader"), pluginCode("r"));
    install(root, "extra", field("technique"), techniqueCode("extra"));
    expect(await names(root)).toEqual(["a", "r"]);
    expect(await names(root, [`${root}/mine.mjs`])).toEqual(["r", "mine"]);
    expect(await names(root, ["extra", "extra"])).toEqual(["r", "extra"]);
    expect(await names(root, ["a"])).toEqual(["r", "a"]);
    expect(await names(root, [`${root}/learner.mjs`])).toEqual(["a", "r", "l"]);
  });

  it("or it is said what is wrong with them", async () => {
    const root = temp();
    write(root, {
      "package.json": {},
      "no.mjs": "export default 3;",
      "nothing.mjs": pluginCode("nothing"),
      "broken.mjs": 'throw new Error("oh");',
    });
    install(root, "plain", {}, "");
    await expect(names(root, ["absent"])).rejects.toThrow(
      'REG_PLUGIN_MISSING: plug-in "absent" is not installed; run: npm i absent',
    );
    await expect(names(root, ["plain"])).rejects.toThrow(
      /REG_PLUGIN_INVALID: "plain" is no Regimen plug-in: it lacks the "regimen" field/,
    );
    await expect(names(root, [`${root}/no.mjs`])).rejects.toThrow(/REG_PLUGIN_INVALID.*no default export/);
    await expect(names(root, [`${root}/nothing.mjs`])).rejects.toThrow(/REG_PLUGIN_INVALID.*registers nothing/);
    await expect(names(root, [`${root}/broken.mjs`])).rejects.toThrow(/REG_PLUGIN_INVALID.*could not be imported: oh/);
    await expect(names(root, [`${root}/gone.mjs`])).rejects.toThrow(/REG_PLUGIN_MISSING.*there is no such file/);
  });
});

describe("regimen plugins", () => {
  it("lists versions, hyperparameters and conflicts", async () => {
    const cwd = temp();
    write(cwd, { "package.json": { dependencies: { a: "1", r: "1" } } });
    install(cwd, "a", field("technique"), techniqueCode("a"));
    install(cwd, "r", field("backend"), pluginCode("r", 'into.backend({ name: "fast", rank: 1, auto: true });'));
    const { code, out, err } = await cli(["plugins", "--json"], { cwd });
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toEqual([
      {
        name: "r",
        version: "1.2.3",
        kind: "backend",
        group: null,
        axes: null,
        conflicts: null,
        plugin: "r",
        provides: ["fast"],
      },
      {
        name: "a",
        version: "1.2.3",
        kind: "technique",
        group: "augmentation",
        axes: [{ name: "m", kind: "m", range: [0, 1], scale: "linear", default: 0.5, off: 0 }],
        conflicts: ["other"],
        plugin: "a",
        provides: ["a"],
      },
    ]);
    const shown = await cli(["plugins"], { cwd });
    expect(shown.out).toContain("m (m) 0–1, default 0.5");
    expect(shown.out.split("\n").every((line) => line.length <= 80)).toBe(true);
  });
});
