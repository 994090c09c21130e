import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { RegimenError } from "@regimen/contracts";

/** The version that saved models are made with and tested against. */
export const TFJS = "4.22.0";
const BUNDLE = "dist/tf.es2017.min.js";
const run = promisify(execFile);

/**
 * tfjs as one file for a browser, written to `file`: from an installed `@tensorflow/tfjs`, as the caller's folder or this
 * package sees it, else from npm. Errors: REG_USAGE, where npm cannot fetch it.
 */
export async function writeTfjs(file: string, cwd: string, tell: (line: string) => void): Promise<void> {
  const found = [join(cwd, "/"), import.meta.url].map(installedFrom).find((folder) => folder !== undefined);
  if (found !== undefined) return copyFile(join(found, BUNDLE), file);
  tell(`  fetching @tensorflow/tfjs@${TFJS} from npm …`);
  const folder = await mkdtemp(join(tmpdir(), "regimen-tfjs-"));
  try {
    // Packed rather than installed: of 150 MB, one file is wanted.
    const shell = process.platform === "win32";
    await run("npm", ["pack", `@tensorflow/tfjs@${TFJS}`, "--loglevel=error"], { cwd: folder, shell });
    const archive = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
    await run("tar", ["-xzf", archive, `package/${BUNDLE}`], { cwd: folder });
    await copyFile(join(folder, "package", BUNDLE), file);
  } catch (cause) {
    const why = (cause as Error).message.trim().split("\n").at(-1);
    throw new RegimenError(
      "REG_USAGE",
      `@tensorflow/tfjs@${TFJS}, which the page needs, is not installed here and npm could not fetch it (${why}); run: npm i @tensorflow/tfjs@${TFJS}`,
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder of the package where it is installed in the version asked for. */
function installedFrom(place: string): string | undefined {
  const require = createRequire(place);
  try {
    const manifest = require.resolve("@tensorflow/tfjs/package.json");
    const { version } = require(manifest) as { version: string };
    const folder = dirname(manifest);
    return version === TFJS && existsSync(join(folder, BUNDLE)) ? folder : undefined;
  } catch {
    return undefined;
  }
}
