import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { openPromise, type Entry, type ZipFile } from "yauzl";

/** Unpacks those files of a wheel that are wanted. */
export async function unpack(
  wheel: string,
  into: string,
  wanted: (file: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  await eachFile(wheel, async (zip, entry) => {
    if (!wanted(entry.fileName)) return;
    const file = join(into, entry.fileName);
    await mkdir(dirname(file), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file), { signal });
  });
}

/** The packages that a wheel of TensorFlow asks for on a GPU, as pip takes them: "nvidia-cublas-cu12<13.0,>=12.5.3.2". */
export async function cudaPackages(wheel: string): Promise<string[]> {
  let metadata = "";
  await eachFile(wheel, async (zip, entry) => {
    if (/^[^/]+\.dist-info\/METADATA$/.test(entry.fileName)) {
      metadata = await text(await zip.openReadStreamPromise(entry));
    }
  });
  return [...metadata.matchAll(/^Requires-Dist: ([^;\n]+);.*extra == ["']and-cuda["']/gm)].map(([, name]) =>
    name!.replaceAll(/[\s()]/g, ""),
  );
}

async function eachFile(wheel: string, act: (zip: ZipFile, entry: Entry) => Promise<void>): Promise<void> {
  const zip = await openPromise(wheel, { lazyEntries: true });
  try {
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith("/")) await act(zip, entry);
  } finally {
    zip.close();
  }
}
