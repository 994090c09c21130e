// What a user gets from the registry: packs the packages, installs core, the scaffold, the command line and two techniques
// into an empty npm project outside the workspace, trains there, and asks for a technique that is not installed.
//   node scripts/packed-install.mjs [FOLDER]      needs the npm registry, for everything that is not ours
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { packages, root } from "./packages.mjs";

const app = resolve(process.argv[2] ?? mkdtempSync(join(tmpdir(), "regimen-app-")));
const direct = ["core", "scaffold-classifier", "cli", "technique-mixup", "technique-cutmix"].map(
  (name) => `@regimen/${name}`,
);
const shell = process.platform === "win32";
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--types"], { stdio: "inherit" });
mkdirSync(join(app, "tarballs"), { recursive: true });
const tarballs = Object.fromEntries(
  packages.map(({ folder, manifest: { name, version } }) => {
    execFileSync("npx", ["--yes", packageManager, "pack", "--pack-destination", join(app, "tarballs")], {
      cwd: folder,
      shell,
      stdio: "pipe",
    });
    return [name, `file:tarballs/${name.replace("@", "").replace("/", "-")}-${version}.tgz`];
  }),
);
// Ours are not on the registry: what the five depend on comes from tarballs too, as overrides and not as dependencies.
writeFileSync(
  join(app, "package.json"),
  JSON.stringify(
    {
      name: "somebodys-app",
      private: true,
      type: "module",
      dependencies: {
        ...Object.fromEntries(direct.map((name) => [name, tarballs[name]])),
        "@tensorflow/tfjs-core": "4.22.0",
        "@tensorflow/tfjs-layers": "4.22.0",
      },
      overrides: Object.fromEntries(Object.entries(tarballs).filter(([name]) => !direct.includes(name))),
    },
    null,
    2,
  ),
);
execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: app, shell, stdio: "inherit" });
cpSync(join(root, "examples", "fashion-mnist"), join(app, "clothes"), { recursive: true });
writeFileSync(
  join(app, "regimen.yaml"),
  `data:
  train: { format: idx, path: ./clothes, split: train, limit: 1000 }
  test: { format: idx, path: ./clothes, split: test, limit: 500 }
model: { architecture: small-cnn }
training: { epochs: 3 }
seed: 1
`,
);
const regimen = (...args) =>
  spawnSync(process.execPath, [join(app, "node_modules", "@regimen", "cli", "dist", "bin.js"), ...args], {
    cwd: app,
    encoding: "utf8",
  });
const expect = (what, ok, run) => {
  if (!ok) {
    console.error(`${what}: not so\n${run.stdout}\n${run.stderr}`);
    process.exit(1);
  }
  console.log(`ok  ${what}`);
};

const plugins = regimen("plugins", "--json");
const techniques = JSON.parse(plugins.stdout || "[]").filter(({ kind }) => kind === "technique");
expect("exactly the two installed techniques are found", techniques.length === 2, plugins);

const trained = regimen("train", "--config", "regimen.yaml", "--out", "run", "--json");
expect("trains, and reports", trained.status === 0 && JSON.parse(trained.stdout).error.images === 500, trained);

const policy = {
  ...JSON.parse(readFileSync(join(app, "run", "policy.json"), "utf8")),
  steps: [{ use: "@regimen/technique-dropout", version: "0.1.0", with: { rate: 0.3 } }],
};
writeFileSync(join(app, "policy.json"), JSON.stringify(policy));
const missing = regimen("fit", "--policy", "policy.json", "--config", "regimen.yaml", "--out", "run2");
expect(
  "a technique that is not installed is a coded error with the install command",
  missing.status === 2 &&
    /REG_PLUGIN_MISSING: .*npm i @regimen\/technique-dropout/.test(missing.stderr) &&
    !/\n {4}at /.test(missing.stderr),
  missing,
);
console.log(missing.stderr.trim());
console.log(app);
