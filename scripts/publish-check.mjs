// What publishing would do, to a registry on loopback: packs every package, looks into each, publishes all, and installs some, each
// alone into an empty folder: it must bring what it names and no more, be ESM, load, and have its types.
//   node scripts/publish-check.mjs [PACKAGE … | --all]      minutes; needs no network
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { promisify } from "node:util";
import { packages, root } from "./packages.mjs";
import { startRegistry } from "./registry.mjs";

const USUAL = ["@regimen/technique-mixup", "@regimen/metalearner-tpe", "@regimen/data", "@regimen/testkit", "regimen"];
const asked = process.argv.slice(2);
const chosen = asked.includes("--all") ? packages.map(({ manifest }) => manifest.name) : asked.length ? asked : USUAL;
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const shell = process.platform === "win32";
const execute = promisify(execFile);
const env = { ...process.env, REPOSITORY_URL: "https://example.org/regimen.git" };
const run = async (command, args, cwd) =>
  (await execute(command, args, { cwd, shell, env, maxBuffer: 2 ** 27 })).stdout;

const problems = [];
const expect = (name, what, ok) => void (ok || problems.push(`${name}: ${what}`));
const folder = mkdtempSync(join(tmpdir(), "regimen-publish-"));
const registry = await startRegistry();
try {
  await run(process.execPath, [join(root, "scripts", "build.mjs"), "--types"], root);
  const npmrc = join(folder, ".npmrc");
  writeFileSync(
    npmrc,
    `registry=${registry.url}\n${registry.url.replace("http:", "")}/:_authToken=none\ncache=${join(folder, "cache")}\naudit=false\nfund=false\nupdate-notifier=false\n`,
  );
  const npm = (args, cwd) => run("npm", ["--userconfig", npmrc, "--loglevel=error", ...args], cwd);

  for (const { folder: home } of packages) {
    const told = await run("npx", ["--yes", packageManager, "pack", "--pack-destination", folder, "--json"], home);
    const { filename, files } = JSON.parse(told.slice(told.indexOf("{")));
    lookInto(
      home,
      files.map(({ path }) => path),
    );
    const packed = JSON.parse(
      await run("tar", ["-xOf", join(folder, basename(filename)), "package/package.json"], folder),
    );
    const said = `${packed.repository?.url} ${packed.repository?.directory}`;
    const kept = `${env.REPOSITORY_URL} ${relative(root, home).replaceAll("\\", "/")}`;
    expect(packed.name, `says its source is at ${said}; expected ${kept}`, said === kept);
    await npm(["publish", filename, "--access", "public"], folder);
  }
  console.log(`${packages.length} packages packed, looked into and published`);

  const known = new Map(packages.map(({ manifest }) => [manifest.name, manifest]));
  for (const name of chosen) {
    const app = join(folder, "apps", name.replace("/", "-"));
    mkdirSync(app, { recursive: true });
    writeFileSync(join(app, "package.json"), '{ "private": true, "type": "module" }\n');
    await npm(["install", name, "--ignore-scripts"], app);
    const scope = join(app, "node_modules", "@regimen");
    const brought = existsSync(scope) ? readdirSync(scope).map((one) => `@regimen/${one}`) : [];
    const wanted = [...closure(name, known)].filter((one) => one.startsWith("@regimen/")).sort();
    expect(name, `brings ${brought.join(", ")}; expected ${wanted.join(", ")}`, `${brought.sort()}` === `${wanted}`);
    const { exports } = JSON.parse(readFileSync(join(app, "node_modules", name, "package.json"), "utf8"));
    for (const [key, entry] of Object.entries(exports).filter(([, entry]) => typeof entry === "object")) {
      expect(name, `${key} has no types`, existsSync(join(app, "node_modules", name, entry.types ?? "missing")));
      const from = key === "." ? name : `${name}${key.slice(1)}`;
      const loaded = await run(process.execPath, ["--input-type=module", "-e", `await import("${from}")`], app).then(
        () => "",
        (error) => error.stderr,
      );
      expect(name, `cannot be imported: ${loaded.slice(0, 300)}`, loaded === "");
    }
    if (name === "regimen") {
      // @regimen/cli offers the same command, and npm keeps one of the two.
      const techniques = JSON.parse(await npm(["exec", "--no", "--", "regimen", "plugins", "--json"], app)).filter(
        ({ kind }) => kind === "technique",
      );
      expect(name, `its command knows ${techniques.length} techniques`, techniques.length > 50);
    }
    console.log(`${name} installed alone: ${brought.length} packages of ours`);
  }
} finally {
  registry.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(problems.length ? problems.join("\n") : "all is as it should be");
process.exit(problems.length ? 1 : 0);

/** A package's own files, and what it says of itself. */
function lookInto(home, files) {
  const {
    name,
    license,
    keywords = [],
    type,
    engines,
    exports,
  } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  for (const file of ["package.json", "README.md", "LICENSE"]) expect(name, `lacks ${file}`, files.includes(file));
  const stray = files.filter(
    (file) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+|assets\/.+|kernels\/.+)$/.test(file),
  );
  expect(name, `has files that nobody needs: ${stray.join(", ")}`, stray.length === 0);
  const sources = files.filter((file) => file.startsWith("dist/") && /(?<!\.d)\.tsx?$|\.test\./.test(file));
  expect(name, `has sources in dist: ${sources.join(", ")}`, sources.length === 0);
  expect(
    name,
    "has no license, keyword, engine or exports, or is no ESM",
    license && keywords.includes("regimen") && type === "module" && engines?.node && exports,
  );
}

/** A package and all that it brings: dependencies, and peers that are not optional. */
function closure(name, known, found = new Set()) {
  if (found.has(name) || !known.has(name)) return found;
  found.add(name);
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = known.get(name);
  const peers = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
  for (const one of [...Object.keys(dependencies), ...peers]) closure(one, known, found);
  return found;
}
