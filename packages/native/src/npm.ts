import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { packageFolder } from "./cache.ts";
import { complaint, run, type Job } from "./job.ts";
import { STAND_INS } from "./lend.ts";

/** The version that Regimen is made for and tested with. */
export const TFJS_NODE = "4.22.0";

const LIMIT = 300;

/**
 * Installs tfjs-node, to stay, without running anything: with what it needs itself, with Node-API's headers, and with
 * stand-ins for tfjs. Returns the package's folder. Errors: REG_BACKEND_UNAVAILABLE, since every way needs it.
 */
export async function installPackage(job: Job): Promise<string> {
  job.tell(`fetching ${job.package}@${TFJS_NODE} from npm`);
  for (const [name, code] of Object.entries(STAND_INS)) {
    const folder = join(job.app, standIn(name));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: TFJS_NODE, main: "index.js" }));
    await writeFile(join(folder, "index.js"), code);
  }
  const stood = Object.keys(STAND_INS).map((name) => [name, `file:${standIn(name)}`]);
  const manifest = {
    private: true,
    dependencies: { ...Object.fromEntries(stood), [job.package]: TFJS_NODE, "node-api-headers": "^1.9.0" },
    overrides: { "@tensorflow/tfjs": "$@tensorflow/tfjs" },
  };
  await writeFile(join(job.app, "package.json"), JSON.stringify(manifest, null, 2));
  const flags = ["--ignore-scripts", "--install-links", "--no-package-lock", "--no-audit", "--no-fund"];
  const patience = ["--fetch-retries=1", "--fetch-timeout=60000", "--loglevel=error"];
  const ran = await run(job, "npm", ["install", ...flags, ...patience], { cwd: job.app, limit: LIMIT });
  if (!ran.ok) {
    const why = ran.missing ? "there is no npm on the PATH" : complaint(ran);
    throw new RegimenError(
      "REG_BACKEND_UNAVAILABLE",
      `npm could not fetch ${job.package}@${TFJS_NODE}, without which there is no way to TensorFlow (${why}); see that npm works and reaches its registry`,
      { input: false },
    );
  }
  return packageFolder(job.app, job.package);
}

const standIn = (name: string): string => `stand-ins/${name.split("/")[1]}`;
