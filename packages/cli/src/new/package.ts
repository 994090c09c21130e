import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { filledAsset } from "../assets.ts";

export const NEW_KINDS = ["technique", "metalearner", "scaffold", "reader"] as const;
export type NewKind = (typeof NEW_KINDS)[number];

/** What a package is called, in the ways its code needs. */
export type Names = {
  /** On npm: `regimen-technique-light-fog`. */ readonly package: string;
  /** `light-fog` */ readonly short: string;
  /** `lightFog` */ readonly ident: string;
  /** `LightFog` */ readonly title: string;
};

/** Words that the code of a new package has taken, and a few that JavaScript has. */
const TAKEN =
  "base batch case cat catch class classifier const default delete do dog else enum export false finally focus for function if import in let manifest new null of open plugin return row switch tf this throw true try typeof var void while with yield".split(
    " ",
  );

/** `NAME`, `regimen-technique-NAME` or `@scope/regimen-technique-NAME`. Errors: REG_USAGE. */
export function namesOf(kind: NewKind, given: string): Names {
  const [, scope = "", name] = /^(@[a-z0-9][a-z0-9._-]*\/)?(.+)$/.exec(given) ?? [];
  const short = (name ?? "").replace(new RegExp(`^(regimen-)?${kind}-`), "");
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(short) || short.length > 60)
    throw new RegimenError(
      "REG_USAGE",
      `"${given}" is no name for a package; expected lower-case letters, digits and hyphens, such as light-fog or @you/light-fog`,
    );
  const ident = short.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (TAKEN.includes(ident))
    throw new RegimenError(
      "REG_USAGE",
      `"${ident}" means something else in JavaScript or in the package; name it otherwise`,
    );
  const title = ident[0]!.toUpperCase() + ident.slice(1);
  return { package: `${scope}regimen-${kind}-${short}`, short, ident, title };
}

/** Where each asset goes. */
const FILES = (kind: NewKind, { short }: Names): Readonly<Record<string, string>> => ({
  [`${kind}/README.md`]: "README.md",
  [`${kind}/index.ts`]: "src/index.ts",
  [`${kind}/src.ts`]: `src/${short}.ts`,
  [`${kind}/laws.test.ts`]: "test/laws.test.ts",
  [`${kind}/own.test.ts`]: `test/${short}.test.ts`,
  "all/tsconfig.json": "tsconfig.json",
  "all/gitignore": ".gitignore",
  "all/changeset.json": ".changeset/config.json",
  "all/changeset.md": ".changeset/first-release.md",
});

/** Writes the package into `folder`, which it makes; `version`: of Regimen. Returns the files' paths within it. */
export async function writePackage(kind: NewKind, names: Names, folder: string, version: string): Promise<string[]> {
  const filled = (text: string) =>
    text
      .replaceAll("__PACKAGE__", names.package)
      .replaceAll("__SHORT__", names.short)
      .replaceAll("__IDENT__", names.ident)
      .replaceAll("__TITLE__", names.title);
  const files = Object.entries(FILES(kind, names));
  for (const [asset, file] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), await filledAsset(`new/${asset}`, filled));
  }
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifestOf(kind, names, version), null, 2)}\n`);
  return ["package.json", ...files.map(([, file]) => file)];
}

/** What each kind needs when it runs; Regimen's own packages in the version at hand. */
const NEEDS: Readonly<Record<NewKind, { readonly own: readonly string[]; readonly tfjs: readonly string[] }>> = {
  technique: { own: [], tfjs: ["core"] },
  metalearner: { own: ["proposals"], tfjs: [] },
  scaffold: { own: ["scaffold-classifier"], tfjs: ["core", "layers"] },
  reader: { own: ["data"], tfjs: [] },
};
const TFJS = "^4.22.0";

/** Until 1.0 any version of Regimen may be this contract's; `api` says which contract it is. */
const peerRange = (version: string): string =>
  version.startsWith("0.") ? `>=${version} <1.0.0` : `^${version.split(".")[0]}.0.0`;

function manifestOf(kind: NewKind, names: Names, version: string): object {
  const { own, tfjs } = NEEDS[kind];
  const tensors = Object.fromEntries(tfjs.map((name) => [`@tensorflow/tfjs-${name}`, TFJS]));
  return {
    name: names.package,
    version: "0.0.0",
    description: `A ${kind} for Regimen`,
    keywords: ["regimen", "regimen-plugin"],
    license: "Apache-2.0",
    type: "module",
    engines: { node: ">=20.19.0" },
    sideEffects: false,
    regimen: { kind, api: 1 },
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    files: ["dist"],
    scripts: {
      build: "tsup src/index.ts --format esm --target es2022 --dts --clean",
      check: "tsc",
      test: "npm run build && npm run check && vitest run",
      prepublishOnly: "npm test",
      release: "changeset version && changeset publish",
    },
    ...(own.length > 0 && { dependencies: Object.fromEntries(own.map((name) => [`@regimen/${name}`, `^${version}`])) }),
    peerDependencies: { "@regimen/core": peerRange(version), ...tensors },
    devDependencies: {
      "@changesets/cli": "^2.31.1",
      "@regimen/core": `^${version}`,
      "@regimen/testkit": `^${version}`,
      "@tensorflow/tfjs-backend-cpu": TFJS,
      "@tensorflow/tfjs-core": TFJS,
      "@tensorflow/tfjs-layers": TFJS,
      "@types/node": "^20.19.0",
      tsup: "^8.5.1",
      typescript: "^5.9.0",
      vitest: "^4.1.0",
    },
  };
}
